import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** The peer: reads the body, parses it, forgets it. */
const server = createServer((incoming, answer) => {
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  incoming.on("end", () => {
    const body = JSON.parse(Buffer.concat(parts).toString("utf8")) as { batch: unknown[] };
    answer.setHeader("content-type", "application/json");
    answer.end(`{"status":${body.batch.length > 0 ? 1 : 0}}`);
  });
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
