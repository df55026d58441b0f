import { inTemporaryDir, memoryMb, type Server, startScript, startServer } from "../processes.ts";
import { quantile, type Report } from "../report.ts";
import { createBatches } from "./batches.ts";
import { load } from "./load.ts";

const rounds = 5;
const seconds = 6;
const connections = 20;

/**
 * Events through the whole door (HTTP, key, schema, deduplication, durable append, receipts) with sinks and topologies at work beside it, against a bare
 * server that parses the same bodies. Server, peer and sender are processes of their own; the sender shares the machine.
 */
export async function ingest(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const server = await startServer(dir);
    const bare = await startScript("ingest/bare-server.ts");
    try {
      return await measure(server, bare);
    } finally {
      await bare.stop();
      await server.stop();
    }
  });
}

async function measure(
  server: Server,
  bare: { readonly line: string; readonly pid: number },
): Promise<Report> {
  const token = await createKey(server);
  const batches = createBatches(100);
  const single = createBatches(1);
  const events = `${server.url}/v1/events`;
  await load({ url: events, token, batches, connections, seconds: 3 });
  await load({ url: bare.line, batches, connections, seconds: 1 });
  const ours: number[] = [];
  const peer: number[] = [];
  const p50: number[] = [];
  const p99: number[] = [];
  const peer50: number[] = [];
  const peer99: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push((await load({ url: events, token, batches, connections, seconds })).eventsPerSecond);
    peer.push((await load({ url: bare.line, batches, connections, seconds: 2 })).eventsPerSecond);
  }
  await drained(server);
  for (let round = 0; round < rounds; round += 1) {
    const one = { batches: single, connections: 1, seconds: 2 };
    const { latencies } = await load({ url: events, token, ...one });
    p50.push(quantile(latencies, 0.5));
    p99.push(quantile(latencies, 0.99));
    const other = await load({ url: bare.line, ...one });
    peer50.push(quantile(other.latencies, 0.5));
    peer99.push(quantile(other.latencies, 0.99));
  }
  return {
    name: "ingest",
    about: `batches of 100 events of ${Math.round(batches.eventBytes)} bytes over ${connections} connections, ${rounds} rounds of ${seconds} s; peer: node:http with JSON.parse`,
    figures: [
      {
        measure: "batches",
        unit: "events/s",
        better: "higher",
        ours,
        peer,
        target: { ratio: 0.4 },
      },
      { measure: "one event, p50", unit: "ms", better: "lower", ours: p50, peer: peer50 },
      { measure: "one event, p99", unit: "ms", better: "lower", ours: p99, peer: peer99 },
    ],
    memory: {
      server: memoryMb(server.pid),
      "server at its peak": memoryMb(server.pid, "VmHWM"),
      peer: memoryMb(bare.pid),
    },
  };
}

async function createKey({ url, token }: Server): Promise<string> {
  const response = await fetch(`${url}/v1/admin/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bench", role: "api_user" }),
  });
  const { key } = (await response.json()) as { key: string };
  return key;
}

/** Single events are timed when the sinks have caught up, as they have in a shop that sends single events. */
async function drained({ url, token }: Server): Promise<void> {
  for (const step of ["begin", "end"]) {
    await fetch(`${url}/v1/imports/bench/${step}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
  }
}
