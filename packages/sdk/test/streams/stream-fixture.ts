import { type EventEnvelope, type LogRecord, type NewLogRecord, silentLogger } from "@ecap/sdk";
import { type MemoryStore, manualClock, memoryStore } from "@ecap/sdk/memory";
import {
  type RunningTopology,
  type RunTopologyOptions,
  runTopology,
  type Topology,
} from "@ecap/sdk/streams";
import { readTopic } from "@ecap/sdk/testing";

/** A store with an input of two partitions and an output, and short ways to use them. */
export async function streamFixture(store: MemoryStore = memoryStore({ clock: manualClock(1) })) {
  await store.eventLog.createTopic("input", { partitions: 2 });
  await store.eventLog.createTopic("output", { partitions: 1 });
  const run = (
    topology: Topology,
    options: Partial<RunTopologyOptions> = {},
  ): Promise<RunningTopology> =>
    runTopology({
      topology,
      ...store,
      clock: manualClock(1),
      logger: silentLogger,
      decode: decodeTestEvent,
      backoffMs: 1,
      ...options,
    });
  return {
    ...store,
    run,
    send: (events: readonly EventEnvelope[]) =>
      store.eventLog.append("input", events.map(encodeTestEvent)),
    output: async (topic = "output") => (await readTopic(store.eventLog, topic)).map(parsed),
  };
}

export function testEvent(fields: Partial<EventEnvelope> & { readonly id: string }): EventEnvelope {
  return {
    type: "order.completed",
    source: "test",
    tenant: "acme",
    time: 0,
    receivedAt: Number.MAX_SAFE_INTEGER,
    actor: {},
    context: {},
    data: {},
    ...fields,
  };
}

function encodeTestEvent(event: EventEnvelope): NewLogRecord {
  const value = new TextEncoder().encode(JSON.stringify(event));
  return { key: event.actor.customerId ?? event.id, value, timestamp: event.time };
}

export function decodeTestEvent(record: LogRecord): EventEnvelope | undefined {
  const text = new TextDecoder().decode(record.value);
  return text.startsWith("{") ? JSON.parse(text) : undefined;
}

export interface OutputEvent {
  readonly id: string;
  readonly type: string;
  readonly tenant: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

function parsed({ value, headers }: LogRecord): OutputEvent {
  return { ...JSON.parse(new TextDecoder().decode(value)), tenant: headers["tenant"] };
}
