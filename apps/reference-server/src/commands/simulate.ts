import type { Receipt } from "@ecap/sdk/collector";
import {
  type SimulatedEvent,
  type SimulationOptions,
  simulate,
  simulateLive,
} from "@ecap/sdk/simulator";
import type { Api } from "./api.ts";
import type { Output } from "./output.ts";

export interface SimulateOptions {
  readonly seed: string;
  readonly days: number;
  readonly ordersPerDay: number;
  readonly rate?: number;
  readonly malformed: number;
  readonly late: number;
  readonly duplicate: number;
  readonly outOfOrder: number;
}

export interface SimulateReport {
  accepted: number;
  duplicate: number;
  quarantined: number;
  seconds: number;
}

const dayMs = 86_400_000;
const batchEvents = 1_000;

/** Sends a simulated shop's events through the API: days of history, or orders at a rate until interrupted. */
export async function simulateInto(
  api: Api,
  options: SimulateOptions,
  output: Output,
): Promise<SimulateReport> {
  const begun = performance.now();
  const report: SimulateReport = { accepted: 0, duplicate: 0, quarantined: 0, seconds: 0 };
  const { seed, malformed, late, duplicate, outOfOrder } = options;
  const shared = { seed, faults: { malformed, late, duplicate, outOfOrder } };

  async function send(events: readonly SimulatedEvent[]): Promise<void> {
    const body = { batch: events.map(({ payload }) => payload) };
    const { receipts } = await api.call<{ receipts: readonly Receipt[] }>(
      "POST",
      "/v1/batch",
      body,
    );
    for (const { status } of receipts) report[status] += 1;
  }

  if (options.rate === undefined) await sendHistory(shared, options, send, output);
  else await sendAtRate(shared, options.rate, send, output);
  report.seconds = (performance.now() - begun) / 1000;
  return report;
}

type Send = (events: readonly SimulatedEvent[]) => Promise<void>;

async function sendHistory(
  shared: Pick<SimulationOptions, "seed" | "faults">,
  { days, ordersPerDay }: SimulateOptions,
  send: Send,
  output: Output,
): Promise<void> {
  const to = Date.now();
  const from = to - days * dayMs;
  let batch: SimulatedEvent[] = [];
  let sent = 0;
  for (const event of simulate({ ...shared, from, to, ordersPerDay })) {
    if (event.at > to) continue;
    batch.push(event);
    if (batch.length < batchEvents) continue;
    await send(batch);
    sent += batch.length;
    batch = [];
    output.progress((event.at - from) / (to - from), `${sent.toLocaleString("en")} events`);
  }
  if (batch.length > 0) await send(batch);
}

async function sendAtRate(
  shared: Pick<SimulationOptions, "seed" | "faults">,
  rate: number,
  send: Send,
  output: Output,
): Promise<void> {
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const options = {
    ...shared,
    from: Date.now(),
    ordersPerDay: rate * 86_400,
    journeys: "orders",
    seasonal: false,
    growth: 0,
  } as const;
  output.note(`${rate} orders a second; end with Ctrl+C`);
  for await (const events of simulateLive(options, { signal: stop.signal })) await send(events);
}
