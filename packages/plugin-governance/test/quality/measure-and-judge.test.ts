import type { EventEnvelope, QualityRule } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeStep } from "../../src/quality/judge-step.ts";
import { measureStep } from "../../src/quality/measure-step.ts";
import { encodePart, partsTopic } from "../../src/quality/part.ts";
import { type Emitted, stepRunner, testEvent } from "./step-fixture.ts";

const minuteMs = 60_000;
const begin = Date.UTC(2026, 4, 4, 10);
const rules: readonly QualityRule[] = [
  {
    name: "a-is-there",
    topic: "input",
    level: "fail",
    description: "a is there",
    check: { kind: "completeness", field: "a" },
  },
  {
    name: "b-in-range",
    topic: "input",
    types: ["odd.one"],
    level: "warn",
    description: "b is in range",
    check: { kind: "range", field: "list[].b", min: 5 },
  },
  {
    name: "id-unique",
    topic: "input",
    level: "fail",
    description: "id is used once",
    check: { kind: "uniqueness", field: "key", withinMs: 3_600_000 },
  },
];

function measure(now: () => number, profileEvery = 0) {
  return measureStep({
    rules,
    metrics: [],
    topics: new Set(["input"]),
    categoryFields: {},
    profileEvery,
    schemaProblem: () => Promise.resolve(() => undefined),
    now,
  });
}

function judge(threshold = 0) {
  return judgeStep({
    rules,
    metrics: [],
    volumeBucketMs: 5 * minuteMs,
    threshold,
    categoryFields: {},
    known: () => Promise.resolve(new Set()),
  });
}

function tick(at: number): EventEnvelope {
  const data = { at };
  expect(encodePart(data, { id: "tick", tenant: "default" }).value.length).toBeGreaterThan(0);
  return testEvent({ id: `tick-${at}`, type: "quality.part", tenant: "default", time: at, data });
}

/** Checked and failed by tenant, minute, rule and field, over all that was emitted. */
function totals(emitted: readonly Emitted[]): Record<string, readonly [number, number]> {
  const sums: Record<string, readonly [number, number]> = {};
  for (const { event } of emitted) {
    if (event.type !== "quality.measured") continue;
    const { minute, events, results } = event.data as {
      minute: number;
      events: number;
      results: ReadonlyArray<{ rule: string; field: string; checked: number; failed: number }>;
    };
    const rows = [...results, { rule: "events", field: "", checked: events, failed: 0 }];
    for (const { rule, field, checked, failed } of rows) {
      const key = `${event.tenant} ${minute} ${rule} ${field}`;
      const [c = 0, f = 0] = sums[key] ?? [];
      sums[key] = [c + checked, f + failed];
    }
  }
  return sums;
}

/** The same by a plain computation over the whole history. */
function naive(events: readonly EventEnvelope[]): Record<string, readonly [number, number]> {
  const sums: Record<string, readonly [number, number]> = {};
  const owners = new Map<string, string>();
  const add = (event: EventEnvelope, rule: string, field: string, isFailed: boolean): void => {
    const minute = Math.floor(event.receivedAt / minuteMs) * minuteMs;
    const key = `${event.tenant} ${minute} ${rule} ${field}`;
    const [c = 0, f = 0] = sums[key] ?? [];
    sums[key] = [c + 1, f + Number(isFailed)];
  };
  for (const event of events) {
    const {
      a,
      key,
      list = [],
    } = event.data as {
      a?: string;
      key?: string;
      list?: ReadonlyArray<{ b: number }>;
    };
    add(event, "events", "", false);
    add(event, "a-is-there", "a", a === undefined);
    if (event.type === "odd.one") {
      for (const { b } of list) add(event, "b-in-range", "list[].b", b < 5);
    }
    if (key === undefined) continue;
    const owner = owners.get(`${event.tenant} ${key}`) ?? event.id;
    owners.set(`${event.tenant} ${key}`, owner);
    add(event, "id-unique", "key", owner !== event.id);
  }
  return sums;
}

const histories = fc.array(
  fc.record({
    forwardMs: fc.integer({ min: 0, max: 40_000 }),
    tenant: fc.constantFrom("acme", "acme", "other"),
    type: fc.constantFrom("odd.one", "even.one"),
    a: fc.option(fc.constant("x"), { nil: undefined }),
    key: fc.option(fc.constantFrom("k1", "k2", "k3", "__proto__"), { nil: undefined }),
    list: fc.array(fc.record({ b: fc.integer({ min: 0, max: 9 }) }), { maxLength: 3 }),
    /** How the stream is cut into batches, and whether one is given twice. */
    cut: fc.boolean(),
    fails: fc.boolean(),
  }),
  { maxLength: 60 },
);

function eventsOf(
  history: readonly {
    forwardMs: number;
    tenant: string;
    type: string;
    a?: string | undefined;
    key?: string | undefined;
    list: unknown;
  }[],
) {
  let time = begin;
  return history.map(({ forwardMs, tenant, type, ...data }, i) => {
    time += forwardMs;
    const { a, key, list } = data;
    return testEvent({ id: `e${i}`, tenant, type, time, data: { a, key, list } });
  });
}

/** An hour of which ten minutes are bad: the alerts it told of, with ids and times. */
async function runOnce(): Promise<readonly string[]> {
  let clock = begin;
  const measured = stepRunner(measure(() => clock));
  const judged = stepRunner(judge());
  for (let minute = 0; minute < 60; minute += 1) {
    const isBad = minute >= 10 && minute < 20;
    const events = Array.from({ length: 20 }, (_, i) =>
      testEvent({
        id: `e${minute}-${i}`,
        time: begin + minute * minuteMs + i,
        data: { a: isBad && i < 5 ? null : "x" },
      }),
    );
    clock = begin + minute * minuteMs + 1_000;
    const before = measured.emitted.length;
    await measured.run(events);
    const parts = measured.emitted.slice(before).map(({ event }) => event);
    await judged.run([...parts, tick(clock)], { fails: minute % 3 === 0 });
  }
  return judged.emitted.flatMap(({ topic, event }) =>
    topic === "system-metrics" ? [`${event.type} ${event.id} ${event.time - begin}`] : [],
  );
}

describe("measuring and judging", () => {
  it("counts as a plain computation does, however batches fall and fail, and however late parts come", async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const events = eventsOf(history);
        let clock = begin;
        const measured = stepRunner(measure(() => clock));
        const judged = stepRunner(judge());
        let batch: EventEnvelope[] = [];
        let told = 0;
        const tell = async (fails: boolean): Promise<void> => {
          const parts = measured.emitted.slice(told).map(({ event }) => event);
          told += parts.length;
          // Beside what is new the time, which may run ahead of parts that are to come.
          await judged.run([...parts, tick(clock + 30_000)], { fails });
        };
        for (const [i, event] of events.entries()) {
          batch.push(event);
          clock = event.receivedAt;
          if (history[i]?.cut === false) continue;
          await measured.run(batch, { fails: history[i]?.fails ?? false });
          batch = [];
          if (history[i]?.fails ?? false) await tell(true);
        }
        if (batch.length > 0) await measured.run(batch);
        await tell(false);
        await judged.run([tick(clock + 10 * minuteMs)]);
        await judged.run([tick(clock + 20 * minuteMs)]);
        expect(totals(judged.emitted)).toEqual(naive(events));
        const ids = judged.emitted.map(({ event }) => event.id);
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 80 },
    );
  });

  it("tells an alert once, and its end once, over a replay too", async () => {
    const first = await runOnce();
    expect(first.map((each) => each.split(" ")[0])).toEqual([
      "quality.alert.raised",
      "quality.alert.resolved",
    ]);
    expect(await runOnce()).toEqual(first);
  });

  it("notices that events stop, as an anomaly of their number", async () => {
    const judged = stepRunner(judge(5));
    const days = 16;
    let emitted = 0;
    for (let at = begin; at < begin + days * 86_400_000; at += 5 * minuteMs) {
      const isDown = at >= begin + 15 * 86_400_000 && at < begin + 15 * 86_400_000 + 7_200_000;
      const day = 1 + Math.sin((at / 86_400_000) * 2 * Math.PI);
      const report = [Math.round(50 + 100 * day), [["x", 1]], [], []];
      const data = isDown
        ? { at }
        : { at, reports: [{ topic: "input", minute: at, newest: at, report }] };
      await judged.run([testEvent({ id: `p${at}`, type: "quality.part", data })]);
      emitted += 1;
    }
    expect(emitted).toBe(days * 288);
    const alerts = judged.emitted.filter(({ topic }) => topic === "system-metrics");
    expect(alerts.map(({ event }) => event.type)).toEqual([
      "quality.alert.raised",
      "quality.alert.resolved",
    ]);
    expect(alerts[0]?.event.data).toMatchObject({
      kind: "anomaly",
      name: "volume/input",
      severity: "critical",
      observed: 0,
      historical: false,
    });
    const raisedAfter = (alerts[0]?.event.time ?? 0) - (begin + 15 * 86_400_000);
    expect(raisedAfter).toBeLessThanOrEqual(15 * minuteMs);
    // What is kept does not grow with the days.
    const bytes = [...judged.state.values()].reduce((sum, value) => sum + value.length, 0);
    expect(bytes).toBeLessThan(30_000);
  });

  it("emits nothing but small parts", async () => {
    const measured = stepRunner(measure(() => begin, 10));
    const events = Array.from({ length: 2_000 }, (_, i) =>
      testEvent({
        id: `e${i}`,
        time: begin,
        sequence: { topic: "input", partition: 0, offset: i },
        data: { a: "x", n: i, list: [{ b: 1 }] },
      }),
    );
    await measured.run(events);
    expect(measured.emitted.map(({ topic }) => topic)).toEqual([partsTopic]);
    const size = JSON.stringify(measured.emitted[0]?.event).length;
    expect(size / events.length).toBeLessThan(20);
  });
});
