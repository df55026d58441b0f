import { connect } from "node:net";
import type { Probe } from "./service.ts";

const timeoutMs = 2_000;

/** Whether the process answers its own protocol, which is more than an open port. */
export function answers(probe: Probe): Promise<boolean> {
  return ask(probe).catch(() => false);
}

async function ask(probe: Probe): Promise<boolean> {
  if (probe.kind === "redis") {
    return (await exchange(probe.port, Buffer.from("PING\r\n"), 5)).toString() === "+PONG";
  }
  if (probe.kind === "kafka") return (await knownBrokers(probe.port)) >= probe.brokers;
  if (probe.kind === "postgres") {
    return startupAnswered(await exchange(probe.port, postgresStartup, 1));
  }
  await fetch(`http://127.0.0.1:${probe.port}/`, { signal: AbortSignal.timeout(timeoutMs) });
  return true;
}

/** Startup message, protocol 3.0, as the user `ecap`. */
const postgresStartup = (() => {
  const fields = Buffer.from("user\0ecap\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeInt32BE(head.length + fields.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, fields]);
})();

/** `R` asks for or confirms authentication; `E` while starting or stopping says to come back. */
const startupAnswered = (answer: Buffer) => answer.toString() === "R";

/** Kafka's Metadata request, version 1, for no topic: how many brokers the one at the port knows. */
async function knownBrokers(port: number): Promise<number> {
  const request = Buffer.alloc(18);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(3, 4);
  request.writeInt16BE(1, 6);
  request.writeInt32BE(1, 8);
  request.writeInt16BE(-1, 12);
  request.writeInt32BE(0, 14);
  return (await exchange(port, request, 12)).readInt32BE(8);
}

/** Sends the bytes and gives back the first `length` of the answer. */
function exchange(port: number, bytes: Buffer, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    const received: Buffer[] = [];
    const end = (outcome: () => void) => {
      socket.destroy();
      outcome();
    };
    socket.setTimeout(timeoutMs, () => end(() => reject(new Error("no answer"))));
    socket.on("error", (error) => end(() => reject(error)));
    socket.on("close", () => reject(new Error("closed")));
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      received.push(chunk);
      const all = Buffer.concat(received);
      if (all.length >= length) end(() => resolve(all.subarray(0, length)));
    });
  });
}
