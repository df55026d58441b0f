import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";

/** What becomes of one request: `lose` has the server carry it out and ends the connection, `cut` does so in the middle of the answer, a number answers that status without asking the server. */
export type Fate = "pass" | "lose" | "cut" | number;

export interface FaultProxy {
  readonly url: string;
  /** Requests so far, as in `GET`. */
  readonly methods: string[];
  /** Decides about every request; all pass at first. */
  fate: (incoming: IncomingMessage) => Fate;
  close(): Promise<void>;
}

/** Stands between a client and the server. */
export async function faultProxy(target: string): Promise<FaultProxy> {
  const methods: string[] = [];
  const server = createServer((incoming, outgoing) => {
    methods.push(incoming.method ?? "");
    const fate = proxy.fate(incoming);
    if (typeof fate === "number") {
      incoming.resume();
      outgoing.writeHead(fate).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? "/", target), { method, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        if (fate === "lose") return incoming.socket.destroy();
        const body = Buffer.concat(parts);
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        if (fate === "pass") return outgoing.end(body);
        return outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
      });
    });
    onward.on("error", () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    methods,
    fate: () => "pass",
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return proxy;
}
