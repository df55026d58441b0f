import { request as begin } from "node:http";
import { buffer } from "node:stream/consumers";

/** As `fetch`, which gives up on an answer that begins after five minutes: a table may be looked after for longer. */
export async function askServer(request: Request): Promise<Response> {
  const { method, url } = request;
  const headers = Object.fromEntries(request.headers);
  const body = Buffer.from(await request.arrayBuffer());
  return new Promise((resolve, reject) => {
    const asked = begin(url, { method, headers }, (answer) => {
      buffer(answer).then((bytes) => {
        const { statusCode: status = 500 } = answer;
        resolve(new Response(bytes.length === 0 ? null : bytes, { status }));
      }, reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
