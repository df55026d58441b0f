import {
  createRecordDecoder,
  createSchemaRegistry,
  type EventEnvelope,
  type NewLogRecord,
  silentLogger,
} from "@ecap/sdk";
import type { ProcessContext, ProcessStep } from "@ecap/sdk/streams";

export interface Emitted {
  readonly topic: string;
  readonly event: EventEnvelope;
}

const decode = createRecordDecoder(createSchemaRegistry());

/** Runs batches through a step as the engine would: what it stages is kept, or with `fails` thrown away and the batch given again. */
export function stepRunner(step: ProcessStep, topic = "input") {
  const state = new Map<string, Uint8Array>();
  const emitted: Emitted[] = [];

  async function attempt(events: readonly EventEnvelope[], isKept: boolean): Promise<void> {
    const staged = new Map<string, Uint8Array | undefined>();
    const records: Array<{ readonly topic: string; readonly record: NewLogRecord }> = [];
    const context: ProcessContext = {
      topology: "test",
      topic,
      partition: 0,
      watermark: undefined,
      signal: new AbortController().signal,
      logger: silentLogger,
      get: (keys) =>
        Promise.resolve(keys.map((key) => (staged.has(key) ? staged.get(key) : state.get(key)))),
      set: (key, value) => staged.set(key, value),
      emit: (to, record) => records.push({ topic: to, record }),
      derivedId: (parent, position) => `${parent}/${position}`,
    };
    await step(events, context);
    if (!isKept) return;
    for (const [key, value] of staged) {
      if (value === undefined) state.delete(key);
      else state.set(key, value);
    }
    for (const { topic: to, record } of records) {
      const place = { topic: to, partition: 0, offset: emitted.length };
      const event = decode({ headers: {}, ...record, ...place });
      if (event !== undefined) emitted.push({ topic: to, event });
    }
  }

  return {
    state,
    emitted,
    async run(events: readonly EventEnvelope[], { fails = false } = {}): Promise<void> {
      if (fails) await attempt(events, false);
      await attempt(events, true);
    },
  };
}

export function testEvent(fields: Partial<EventEnvelope> & { readonly id: string }): EventEnvelope {
  const { time = 0, receivedAt = time } = fields;
  return {
    type: "thing.happened",
    source: "test",
    tenant: "acme",
    actor: {},
    context: {},
    data: {},
    ...fields,
    time,
    receivedAt,
  };
}
