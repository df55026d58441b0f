import { Agent, request } from "node:http";
import type { Batches } from "./batches.ts";

export interface LoadOptions {
  readonly url: string;
  readonly token?: string;
  readonly batches: Batches;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly eventsPerSecond: number;
  /** Milliseconds from sending to the whole answer, a request. */
  readonly latencies: readonly number[];
}

/** A closed loop: every connection sends the next body as soon as it has its answer. An answer that is not 200 ends the run. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const { batches, connections, seconds } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const connection = async (): Promise<void> => {
    while (performance.now() < until) {
      const sent = performance.now();
      await post(options, agent, batches.next());
      latencies.push(performance.now() - sent);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const took = (performance.now() - begun) / 1000;
  agent.destroy();
  return { eventsPerSecond: (latencies.length * batches.events) / took, latencies };
}

function post({ url, token }: LoadOptions, agent: Agent, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      "content-length": body.length,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const sending = request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200
          ? resolve()
          : reject(new Error(`${url} answered ${response.statusCode}`)),
      );
    });
    sending.once("error", reject);
    sending.end(body);
  });
}
