import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventEnvelope } from "../events/envelope.ts";
import { createRecordDecoder, encodeEvent } from "../events/record-codec.ts";
import { createSchemaRegistry } from "../events/schema-registry.ts";
import { systemClock } from "../ports/clock.ts";
import type { Committer } from "../ports/committer.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { approxDistinct, count, max, min, sumMoney } from "../streams/aggregates.ts";
import type { WindowShape } from "../streams/nodes.ts";
import { type RunTopologyOptions, runTopology } from "../streams/run-topology.ts";
import { type Topology, type TopologyBuilder, topology } from "../streams/topology.ts";
import { readTopic, uniqueName } from "./log-fixtures.ts";
import { type NaiveWindow, naiveJoin, naiveWindows, type Placed } from "./naive-streams.ts";

export interface StreamEngineSubject {
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  close?(): Promise<void>;
}

export interface StreamEngineContractOptions {
  /** Random histories a case. Default 60. */
  readonly histories?: number;
  /** Events a history at most. Default 40. */
  readonly events?: number;
  /** Histories that share one subject; then a new one is made. Default: all of a case. */
  readonly renewAfter?: number;
}

/** Later than every event of a history, so that every window of it closes. */
const farTime = 1_000_000;
const latenessMs = 30;
const inputPartitions = 2;
const otherPartitions = 3;

const keyOf = (event: EventEnvelope): string => String(event.data["key"]);
const amountOf = (event: EventEnvelope): string => String(event.data["amount"]);
const labelOf = (event: EventEnvelope): string => String(event.data["label"]);
const decode = createRecordDecoder(createSchemaRegistry());

const aggregate = {
  events: count,
  total: sumMoney(amountOf),
  least: min((event) => Number(amountOf(event))),
  most: max((event) => Number(amountOf(event))),
  labels: approxDistinct(labelOf),
};

/** Late, duplicate and out of order, over the partitions of a topic. */
function histories(partitions: number, length: number): fc.Arbitrary<readonly Placed[]> {
  const step = fc.record({
    forward: fc.integer({ min: 0, max: 60 }),
    back: fc.constantFrom(0, 0, 0, 5, 20, 30, 31, 80, 200),
    key: fc.constantFrom("a", "b", "c"),
    tenant: fc.constantFrom("acme", "acme", "other"),
    partition: fc.integer({ min: 0, max: partitions - 1 }),
    cents: fc.integer({ min: -500, max: 5_000 }),
    label: fc.constantFrom("x", "y", "z"),
    isRepeat: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });
  return fc.array(step, { maxLength: length }).map((steps) => {
    let newest = 1_000;
    const placed: Placed[] = [];
    for (const [i, each] of steps.entries()) {
      const { forward, back, key, tenant, partition, cents, label } = each;
      const time = newest + forward - back;
      newest = Math.max(newest, time);
      const repeated = each.isRepeat ? placed.at(-1) : undefined;
      const data = { key, amount: (cents / 100).toFixed(2), label };
      placed.push(
        repeated ?? { partition, event: eventOf({ id: `e${i}`, tenant, time, data }, i) },
      );
    }
    return placed;
  });
}

function eventOf(
  fields: Pick<EventEnvelope, "id" | "tenant" | "time" | "data">,
  arrival: number,
): EventEnvelope {
  const receivedAt = farTime + 60_000 + arrival;
  return { type: "test.happened", source: "test", receivedAt, actor: {}, context: {}, ...fields };
}

/** One event in each partition that moves its time past everything. */
function lastEvents(partitions: number): readonly Placed[] {
  return Array.from({ length: partitions }, (_, partition) => {
    const id = `last-${partition}`;
    const data = { key: id, amount: "0", label: "last" };
    return { partition, event: eventOf({ id, tenant: "acme", time: farTime, data }, 10_000) };
  });
}

/**
 * What the stream engine promises on any log, state store and committer: windows, joins, deduplication and late output of random
 * histories equal a plain computation over the whole history, whatever interleaves, and whatever crashes.
 */
export function streamEngineContract(
  name: string,
  make: () => Promise<StreamEngineSubject>,
  { histories: numRuns = 60, events = 40, renewAfter = Infinity }: StreamEngineContractOptions = {},
): void {
  const shapes: readonly WindowShape[] = [
    { kind: "hopping", sizeMs: 100, everyMs: 100 },
    { kind: "hopping", sizeMs: 100, everyMs: 40 },
    { kind: "session", gapMs: 40 },
    { kind: "sliding", sizeMs: 70 },
  ];

  describe(`stream engine: ${name}`, () => {
    for (const shape of shapes) {
      it(`computes ${describeShape(shape)} after deduplication, with late events aside`, async () => {
        const subjects = renewing(make, renewAfter);
        await fc.assert(
          fc.asyncProperty(histories(inputPartitions, events), fc.nat(), async (history, seed) => {
            const subject = await subjects.next();
            const names = await topicsOf(subject);
            const built = windowed(names, shape);
            await run(subject, built, { input: history }, names, { seed });
            const naive = naiveWindows(history, shape, { latenessMs, keyOf });
            const found = await outputOf(subject, names.output);
            expect(found.map(withoutPlace).toSorted()).toEqual(
              naive.windows.map(expectedOf).toSorted(),
            );
            expect(await idsOf(subject, names.late)).toEqual(
              naive.late.map(({ id }) => id).toSorted(),
            );
          }),
          { numRuns },
        );
        await subjects.close();
      });
    }

    for (const type of ["inner", "left", "outer"] as const) {
      it(`pairs two streams (${type}) and windows the pairs`, async () => {
        const subjects = renewing(make, renewAfter);
        const both = fc.tuple(
          histories(inputPartitions, events),
          histories(otherPartitions, events),
        );
        await fc.assert(
          fc.asyncProperty(both, fc.nat(), async ([left, right], seed) => {
            const subject = await subjects.next();
            const unique = { left: withoutRepeats(left), right: withoutRepeats(right, "r") };
            const names = await topicsOf(subject);
            const built = joined(names, type);
            const inputs = { input: unique.left, other: unique.right };
            await run(subject, built, inputs, names, { seed });
            const naive = naiveJoin(unique, { withinMs: 60, latenessMs, type, keyOf });
            const pairs = naive.pairs.map(({ left: a, right: b }) => ({
              tenant: (a ?? b)?.tenant ?? "",
              time: Math.max(a?.time ?? 0, b?.time ?? 0),
              label: labelOf(a ?? b ?? eventOf({ id: "", tenant: "", time: 0, data: {} }, 0)),
              amount: amountOf(a ?? b ?? eventOf({ id: "", tenant: "", time: 0, data: {} }, 0)),
            }));
            const expected = tumble(pairs, 100);
            const found = (await outputOf(subject, names.output)).map(
              ({ tenant, data: { key, windowStart, events: members, total } }) =>
                JSON.stringify([tenant, key, windowStart, members, total]),
            );
            expect(found.toSorted()).toEqual(expected.toSorted());
            expect(await idsOf(subject, names.late)).toEqual(
              naive.late.map(({ id }) => id).toSorted(),
            );
          }),
          { numRuns },
        );
        await subjects.close();
      });
    }

    it("gives the same through failures before and after commits", async () => {
      const subjects = renewing(make, renewAfter);
      const faults = fc.array(fc.constantFrom("before", "after", "none"), { maxLength: 12 });
      const shape: WindowShape = { kind: "session", gapMs: 40 };
      await fc.assert(
        fc.asyncProperty(
          histories(inputPartitions, events),
          faults,
          fc.nat(),
          async (history, list, seed) => {
            const subject = await subjects.next();
            const names = await topicsOf(subject);
            const committer = failing(subject.committer, list.values());
            const options = { seed, committer, maxRecords: 5 };
            await run(subject, windowed(names, shape), { input: history }, names, options);
            const naive = naiveWindows(history, shape, { latenessMs, keyOf });
            const found = await outputOf(subject, names.output);
            expect(found.map(withoutPlace).toSorted()).toEqual(
              naive.windows.map(expectedOf).toSorted(),
            );
            expect(await idsOf(subject, names.late)).toEqual(
              naive.late.map(({ id }) => id).toSorted(),
            );
          },
        ),
        { numRuns },
      );
      await subjects.close();
    });

    it("enriches from a table that another topology keeps", async () => {
      const subject = await make();
      const names = await topicsOf(subject);
      const table = uniqueName("table");
      const rows = topology(`${table}-rows`)
        .from({ topics: [names.other] })
        .keyBy(keyOf)
        .toTable({ table, partitions: 2, value: ({ data }) => data["label"] });
      const enriched = topology(uniqueName("enriched"))
        .from({ topics: [names.input] })
        .enrich<string>({
          table,
          key: keyOf,
          merge: (event, label) => ({ ...event, data: { ...event.data, label: label ?? "none" } }),
        })
        .to({ topic: names.output });
      await run(
        subject,
        rows,
        { other: [row("a", "old", 0), row("b", "bee", 1), row("a", "ay", 3)] },
        names,
      );
      await run(
        subject,
        enriched,
        {
          input: [
            ask("a", "acme", 0),
            ask("b", "acme", 1),
            ask("c", "acme", 2),
            ask("a", "other", 3),
          ],
        },
        names,
      );
      const found = (await outputOf(subject, names.output)).map(
        (event) => `${event.tenant} ${keyOf(event)} ${labelOf(event)}`,
      );
      expect(found.toSorted()).toEqual(["acme a ay", "acme b bee", "acme c none", "other a none"]);
      await subject.close?.();
    });

    it("closes windows of a silent partition after a while, and not before", async () => {
      const subject = await make();
      const names = await topicsOf(subject);
      const now = Date.now();
      const idle = topology(uniqueName("idle"))
        .from({ topics: [names.input], idleAfterMs: 300 })
        .keyBy(keyOf)
        .rekey({ partitions: 2 })
        .tumblingWindow({ sizeMs: 50, aggregate: { events: count } })
        .to({ topic: names.output });
      const event = {
        ...eventOf({ id: "only", tenant: "acme", time: now, data: { key: "a" } }, 0),
        receivedAt: now,
      };
      await append(subject, names.input, [{ partition: 1, event }]);
      const running = await runTopology({ topology: idle, ...subject, clock: systemClock, decode });
      await running.drain();
      expect(await outputOf(subject, names.output)).toEqual([]);
      for (let i = 0; i < 200; i += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        if ((await outputOf(subject, names.output)).length > 0) break;
      }
      await running.close();
      const found = await outputOf(subject, names.output);
      expect(found.map(({ data }) => [data["key"], data["events"]])).toEqual([["a", 1]]);
      await subject.close?.();
    });
  });
}

/** A subject for each history, which several share: stores grow slower with all the topics they ever held. */
function renewing(make: () => Promise<StreamEngineSubject>, renewAfter: number) {
  let subject: StreamEngineSubject | undefined;
  let used = 0;
  const close = async (): Promise<void> => {
    await subject?.close?.();
    subject = undefined;
  };
  return {
    async next(): Promise<StreamEngineSubject> {
      if (used >= renewAfter) await close();
      if (subject === undefined) used = 0;
      subject ??= await make();
      used += 1;
      return subject;
    },
    close,
  };
}

/** What the table is told of a key. */
function row(key: string, label: string, i: number): Placed {
  const data = { key, label, amount: "0" };
  const event = eventOf({ id: `r${i}`, tenant: "acme", time: 1_000 + i, data }, i);
  return { partition: i % otherPartitions, event };
}

/** An event that wants to know. */
function ask(key: string, tenant: string, i: number): Placed {
  const data = { key, label: "?", amount: "0" };
  const event = eventOf({ id: `q${i}`, tenant, time: 2_000 + i, data }, i);
  return { partition: i % inputPartitions, event };
}

function keyedStream(name: string, topic: string): TopologyBuilder {
  return topology(name)
    .from({ topics: [topic], idleAfterMs: Infinity })
    .keyBy(keyOf);
}

interface Topics {
  readonly name: string;
  readonly input: string;
  readonly other: string;
  readonly output: string;
  readonly late: string;
}

async function topicsOf({ eventLog }: StreamEngineSubject): Promise<Topics> {
  const name = uniqueName("stream");
  const topics = {
    input: `${name}-in`,
    other: `${name}-other`,
    output: `${name}-out`,
    late: `${name}-late`,
  };
  await Promise.all([
    eventLog.createTopic(topics.input, { partitions: inputPartitions }),
    eventLog.createTopic(topics.other, { partitions: otherPartitions }),
    eventLog.createTopic(topics.output, { partitions: 1 }),
    eventLog.createTopic(topics.late, { partitions: 1 }),
  ]);
  return { name, ...topics };
}

function windowed({ name, input, output, late }: Topics, shape: WindowShape): Topology {
  const settings = { aggregate, allowedLatenessMs: latenessMs, lateTopic: late };
  const keyed = topology(name)
    .from({ topics: [input], idleAfterMs: Infinity })
    .dedupe({ withinMs: 1_000_000 })
    .keyBy(keyOf)
    .rekey({ partitions: 3 });
  const built =
    shape.kind === "session"
      ? keyed.sessionWindow({ gapMs: shape.gapMs, ...settings })
      : shape.kind === "sliding"
        ? keyed.slidingWindow({ sizeMs: shape.sizeMs, ...settings })
        : keyed.hoppingWindow({ sizeMs: shape.sizeMs, everyMs: shape.everyMs, ...settings });
  return built.to({ topic: output });
}

function joined(
  { name, input, other, output, late }: Topics,
  type: "inner" | "left" | "outer",
): Topology {
  return keyedStream(name, input)
    .join(keyedStream(`${name}-right`, other), {
      withinMs: 60,
      allowedLatenessMs: latenessMs,
      lateTopic: late,
      type,
      partitions: 3,
      merge: (a, b) => {
        const event = a ?? b;
        if (event === undefined) throw new Error("a pair has a left or a right");
        return event;
      },
    })
    .keyBy(labelOf)
    .rekey({ partitions: 2 })
    .tumblingWindow({ sizeMs: 100, aggregate: { events: count, total: sumMoney(amountOf) } })
    .to({ topic: output });
}

interface RunOptions {
  /** Decides what is appended before the topology runs and what while it does. */
  readonly seed?: number;
  readonly committer?: Committer;
  readonly maxRecords?: number;
}

async function run(
  subject: StreamEngineSubject,
  built: Topology,
  inputs: { readonly input?: readonly Placed[]; readonly other?: readonly Placed[] },
  names: Topics,
  { seed = 0, committer = subject.committer, maxRecords = 1 + (seed % 20) }: RunOptions = {},
): Promise<void> {
  const { input = [], other = [] } = inputs;
  const half = Math.floor(input.length / 2);
  await append(subject, names.input, input.slice(0, half));
  const options: RunTopologyOptions = {
    topology: built,
    ...subject,
    committer,
    clock: systemClock,
    decode,
    maxRecords,
    maxAttempts: 50,
    backoffMs: 0.1,
  };
  const running = await runTopology(options);
  await Promise.all([
    append(subject, names.input, [...input.slice(half), ...lastEvents(inputPartitions)]),
    append(subject, names.other, [...other, ...lastEvents(otherPartitions)]),
  ]);
  await running.drain();
  await running.close();
}

async function append(
  { eventLog }: StreamEngineSubject,
  topic: string,
  placed: readonly Placed[],
): Promise<void> {
  if (placed.length === 0) return;
  await eventLog.append(
    topic,
    placed.map(({ event, partition }) => ({ ...encodeEvent(event), partition })),
  );
}

async function outputOf(
  { eventLog }: StreamEngineSubject,
  topic: string,
): Promise<readonly EventEnvelope[]> {
  const records = await readTopic(eventLog, topic);
  return records.flatMap((record) => {
    const event = decode(record);
    return event === undefined || String(event.data["key"]).startsWith("last-") ? [] : [event];
  });
}

async function idsOf({ eventLog }: StreamEngineSubject, topic: string): Promise<readonly string[]> {
  return (await readTopic(eventLog, topic)).map((record) => decode(record)?.id ?? "").toSorted();
}

function withoutPlace({ tenant, data }: EventEnvelope): string {
  const { key, windowStart, windowEnd, events, total, least, most, labels } = data;
  return JSON.stringify([tenant, key, windowStart, windowEnd, events, total, least, most, labels]);
}

function expectedOf({ tenant, key, windowStart, windowEnd, events }: NaiveWindow): string {
  const amounts = events.map((event) => Number(amountOf(event)));
  const labels = new Set(events.map(labelOf)).size;
  const [least, most] = [Math.min(...amounts), Math.max(...amounts)];
  const total = exactSum(events.map(amountOf));
  return JSON.stringify([
    tenant,
    key,
    windowStart,
    windowEnd,
    events.length,
    total,
    least,
    most,
    labels,
  ]);
}

function exactSum(amounts: readonly string[]): string {
  const cents = amounts.reduce((sum, amount) => sum + Math.round(Number(amount) * 100), 0);
  return String(cents / 100);
}

function tumble(
  pairs: ReadonlyArray<{ tenant: string; time: number; label: string; amount: string }>,
  sizeMs: number,
): readonly string[] {
  const windows = new Map<string, string[]>();
  for (const { tenant, time, label, amount } of pairs) {
    const name = JSON.stringify([tenant, label, Math.floor(time / sizeMs) * sizeMs]);
    windows.set(name, [...(windows.get(name) ?? []), amount]);
  }
  return [...windows].map(([name, amounts]) =>
    JSON.stringify([...(JSON.parse(name) as unknown[]), amounts.length, exactSum(amounts)]),
  );
}

function withoutRepeats(history: readonly Placed[], prefix = "l"): readonly Placed[] {
  return history
    .filter((placed, i) => history.indexOf(placed) === i)
    .map(({ event, partition }) => ({
      partition,
      event: { ...event, id: `${prefix}${event.id}` },
    }));
}

/** Fails some commits before and some after they took effect. */
function failing(committer: Committer, faults: Iterator<string>): Committer {
  return {
    claim: (...place) => committer.claim(...place),
    async commit(commit) {
      const fault = faults.next().value;
      if (fault === "before") throw new Error("failed before the commit");
      await committer.commit(commit);
      if (fault === "after") throw new Error("failed after the commit");
    },
  };
}

function describeShape(shape: WindowShape): string {
  if (shape.kind !== "hopping") return `${shape.kind} windows`;
  return shape.sizeMs === shape.everyMs ? "tumbling windows" : "hopping windows";
}
