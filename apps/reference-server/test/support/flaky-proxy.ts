import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

export interface FlakyProxy {
  readonly url: string;
  /** Requests that were answered with an error although the server had taken them. */
  readonly lied: () => number;
  close(): Promise<void>;
}

/** Passes requests on; the first ones are passed on and then answered 503, which is what a client sees of a connection lost after delivery. */
export async function startFlakyProxy(target: string, lies: number): Promise<FlakyProxy> {
  let lied = 0;
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", target);
    const passed = request(
      url,
      { method: incoming.method, headers: { ...incoming.headers, host: url.host } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () => {
          const lie = incoming.method === "POST" && lied < lies;
          if (lie) lied += 1;
          outgoing.writeHead(
            lie ? 503 : (answer.statusCode ?? 500),
            lie ? {} : { "content-type": "application/json" },
          );
          outgoing.end(lie ? "" : Buffer.concat(parts));
        });
      },
    );
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lied: () => lied,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
