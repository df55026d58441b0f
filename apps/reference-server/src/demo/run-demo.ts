import {
  demoHistory,
  demoTrickle,
  labelPayload,
  type SimulatedEvent,
  simulate,
  simulateLive,
} from "@ecap/sdk/simulator";
import { createImportLedger } from "../importing/import-ledger.ts";
import type { Composition } from "../server/compose.ts";

export interface Demo {
  /** Stops the trading. */
  close(): Promise<void>;
}

interface DemoState {
  /** Where history ends and the trickle begins, epoch milliseconds. */
  readonly historyEndsAt: number;
  readonly seeded: boolean;
  /** Delivery time of the last event sent. */
  readonly reachedAt: number;
}

const stateKey = "demo/state";
const batchEvents = 1_000;

/**
 * A simulated shop for a first look: ninety days of history, sent once, and then what happens now. A second run goes on where the first ended, also
 * where that was in the middle of history.
 */
export async function runDemo(
  composition: Composition,
  tenant: string,
  onProgress: (share: number, events: number) => void,
): Promise<Demo> {
  const { platform, collector } = composition;
  const stateStore = platform.port("stateStore");
  const clock = platform.port("clock");
  const [entry] = await stateStore.get([stateKey]);
  let version = entry?.version;
  let state = decodeState(entry?.value) ?? {
    historyEndsAt: clock.now(),
    seeded: false,
    reachedAt: 0,
  };

  async function save(next: DemoState): Promise<void> {
    state = next;
    version = await stateStore.compareAndSet({ key: stateKey, value: encodeState(next) }, version);
    await stateStore.flush();
  }

  async function send(
    events: readonly SimulatedEvent[],
    known?: (id: string) => boolean,
  ): Promise<void> {
    const payloads = events.flatMap(({ payload, label }) =>
      label === undefined || label.availableAt > clock.now()
        ? [payload]
        : [payload, labelPayload(label)],
    );
    const bytes = new TextEncoder().encode(JSON.stringify({ batch: payloads }));
    await collector.collect({
      bytes,
      tenant,
      source: "demo",
      dialect: "segment",
      ...(known !== undefined && { known }),
    });
  }

  if (!state.seeded) {
    // A first run that was interrupted has sent part of history; what the lake knows is not sent again.
    const known =
      entry === undefined ? undefined : await createImportLedger(platform).open(tenant, "demo");
    await save(state);
    await sendHistory(state.historyEndsAt, (events) => send(events, known), onProgress);
    await save({ ...state, seeded: true, reachedAt: state.historyEndsAt });
    await platform.drain();
  }

  const stop = new AbortController();
  const trading = trade(stop.signal);
  trading.catch((error: unknown) =>
    platform.port("logger").error({ error: String(error) }, "the demo stopped trading"),
  );

  async function trade(signal: AbortSignal): Promise<void> {
    const options = demoTrickle(state.historyEndsAt, state.historyEndsAt);
    for await (const events of simulateLive(options, { clock, signal })) {
      const fresh = events.filter(({ at }) => at > state.reachedAt);
      const last = fresh.at(-1);
      if (last === undefined) continue;
      await send(fresh);
      await save({ ...state, reachedAt: last.at });
    }
  }

  return {
    async close() {
      stop.abort();
      await trading.catch(() => {});
    },
  };
}

async function sendHistory(
  endsAt: number,
  send: (events: readonly SimulatedEvent[]) => Promise<void>,
  onProgress: (share: number, events: number) => void,
): Promise<void> {
  const options = demoHistory(endsAt);
  let batch: SimulatedEvent[] = [];
  let sent = 0;
  for (const event of simulate(options)) {
    if (event.at > endsAt) continue;
    batch.push(event);
    if (batch.length < batchEvents) continue;
    await send(batch);
    sent += batch.length;
    batch = [];
    onProgress((event.at - options.from) / (endsAt - options.from), sent);
  }
  if (batch.length > 0) await send(batch);
}

function encodeState(state: DemoState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state));
}

function decodeState(bytes: Uint8Array | undefined): DemoState | undefined {
  return bytes === undefined
    ? undefined
    : (JSON.parse(new TextDecoder().decode(bytes)) as DemoState);
}
