import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ManualClock } from "../memory/manual-clock.ts";
import type { StateEntry, StateStore, WindowSpec } from "../ports/state-store.ts";
import { uniqueName } from "./log-fixtures.ts";
import { naiveTotals, windowCases } from "./naive-windows.ts";

export interface StateStoreSubject {
  readonly stateStore: StateStore;
  readonly clock: ManualClock;
  /** Where the store outlives the process: closes it and opens it again. */
  reopen?(): Promise<StateStoreSubject>;
  close?(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (entry: StateEntry | undefined): string | undefined =>
  entry === undefined ? undefined : new TextDecoder().decode(entry.value);

const isVersion = (version: string | undefined): boolean => version !== undefined;

const noon = Date.UTC(2026, 0, 1, 12);
const minute = 60_000;
const perMinute = (name: string, aggregate: WindowSpec["aggregate"]): WindowSpec => ({
  name,
  windowMs: 10 * minute,
  bucketMs: minute,
  aggregate,
});

/** What every {@link StateStore} does. `make` gives an instance to each test; its clock is set by the tests. */
export function stateStoreContract(name: string, make: () => Promise<StateStoreSubject>): void {
  describe(`StateStore: ${name}`, () => {
    let subject: StateStoreSubject;
    let store: StateStore;
    let prefix: string;

    beforeEach(async () => {
      subject = await make();
      store = subject.stateStore;
      subject.clock.set(noon);
      prefix = uniqueName("tenant");
    });
    afterEach(() => subject.close?.());

    const getText = async (key: string): Promise<string | undefined> =>
      text((await store.get([key]))[0]);
    const scanned = async (under: string): Promise<string[]> => {
      const keys: string[] = [];
      for await (const entry of store.scan(under)) keys.push(entry.key);
      return keys;
    };

    const inGroup = (part: string): string => `${prefix}/{group}/${part}`;

    describe("keys", () => {
      it("answers in the order of the keys, undefined where absent", async () => {
        await store.compareAndSet({ key: `${prefix}/a`, value: bytes("1") }, undefined);
        await store.compareAndSet({ key: `${prefix}/b`, value: bytes("") }, undefined);
        const entries = await store.get([
          `${prefix}/b`,
          `${prefix}/none`,
          `${prefix}/a`,
          `${prefix}/b`,
        ]);
        expect(entries.map(text)).toEqual(["", undefined, "1", ""]);
        expect(entries.map((entry) => entry?.key)).toEqual([
          `${prefix}/b`,
          undefined,
          `${prefix}/a`,
          `${prefix}/b`,
        ]);
        expect(await store.get([])).toEqual([]);
      });

      it("keeps no hold on the bytes it was given", async () => {
        const value = bytes("kept");
        await store.compareAndSet({ key: `${prefix}/a`, value }, undefined);
        value.fill(0);
        expect(await getText(`${prefix}/a`)).toBe("kept");
      });

      it("writes only over the version that is expected", async () => {
        const key = `${prefix}/a`;
        const first = await store.compareAndSet({ key, value: bytes("1") }, undefined);
        expect(first).toBeDefined();
        expect(await store.compareAndSet({ key, value: bytes("x") }, undefined)).toBeUndefined();
        expect(await store.compareAndSet({ key, value: bytes("x") }, "no version")).toBeUndefined();
        const second = await store.compareAndSet({ key, value: bytes("2") }, first);
        expect(second).not.toBe(first);
        expect((await store.get([key]))[0]?.version).toBe(second);
        expect(await store.compareAndSet({ key, value: bytes("x") }, first)).toBeUndefined();
        expect(await getText(key)).toBe("2");
      });

      it("removes, and does not take a version from before", async () => {
        const key = `${prefix}/a`;
        const first = await store.compareAndSet({ key, value: bytes("1") }, undefined);
        expect(await store.compareAndSet({ key, value: undefined }, first)).toBeDefined();
        expect(await getText(key)).toBeUndefined();
        expect(await store.compareAndSet({ key, value: bytes("x") }, first)).toBeUndefined();
        expect(await store.compareAndSet({ key, value: bytes("2") }, undefined)).toBeDefined();
        expect(await store.compareAndSet({ key, value: bytes("x") }, first)).toBeUndefined();
        expect(await getText(key)).toBe("2");
      });

      it("lets exactly one of many racing writers win each round", async () => {
        const key = `${prefix}/counter`;
        let wins = 0;
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            for (let done = 0; done < 10; ) {
              const [entry] = await store.get([key]);
              const value = bytes(String(Number(text(entry) ?? 0) + 1));
              if ((await store.compareAndSet({ key, value }, entry?.version)) === undefined)
                continue;
              done += 1;
              wins += 1;
            }
          }),
        );
        expect(wins).toBe(80);
        expect(await getText(key)).toBe("80");
      });

      it("holds long keys and keys of any text apart", async () => {
        const long = `${prefix}/${"x".repeat(3_000)}`;
        const keys = [`${long}1`, `${long}2`, `${prefix}/ü/\u{1F600}`, `${prefix}/ü/`];
        for (const key of keys) await store.compareAndSet({ key, value: bytes(key) }, undefined);
        expect((await store.get(keys)).map(text)).toEqual(keys);
        expect((await scanned(long)).toSorted()).toEqual(keys.slice(0, 2));
        expect((await scanned(`${prefix}/ü`)).toSorted()).toEqual(keys.slice(2).toSorted());
      });
    });

    describe("groups", () => {
      it("writes all or none, as the guard's version says", async () => {
        const write = (texts: Record<string, string | undefined>, expected?: string) =>
          store.writeGroup(
            Object.entries(texts).map(([part, value]) => ({
              key: inGroup(part),
              value: value === undefined ? undefined : bytes(value),
            })),
            { key: inGroup("guard"), expected },
          );
        const read = async (): Promise<unknown[]> =>
          (await store.get([inGroup("guard"), inGroup("a"), inGroup("b")])).map(text);
        const first = await write({ guard: "1", a: "a1", b: "b1" });
        expect(first).toBeDefined();
        expect(await read()).toEqual(["1", "a1", "b1"]);
        expect((await store.get([inGroup("guard")]))[0]?.version).toBe(first);
        expect((await store.get([inGroup("b")]))[0]?.version).toBe(first);
        expect(await write({ guard: "x", a: "x" })).toBeUndefined();
        expect(await write({ guard: "x", a: "x" }, "no version")).toBeUndefined();
        expect(await read()).toEqual(["1", "a1", "b1"]);
        const second = await write({ guard: "2", a: undefined, b: "b2" }, first);
        expect(second).toBeDefined();
        expect(await read()).toEqual(["2", undefined, "b2"]);
        expect(await write({ guard: "x" }, first)).toBeUndefined();
        // The guard stays as it is where it is not written: its version too.
        expect(await write({ a: "a3" }, second)).toBeDefined();
        expect(await write({ a: "a4" }, second)).toBeDefined();
        expect(await read()).toEqual(["2", "a4", "b2"]);
      });

      it("shares its keys with the other writes", async () => {
        const key = inGroup("a");
        const version = await store.compareAndSet({ key, value: bytes("1") }, undefined);
        const guard = { key, expected: version };
        const next = await store.writeGroup([{ key, value: bytes("2") }], guard);
        expect(await store.compareAndSet({ key, value: bytes("x") }, version)).toBeUndefined();
        expect(await store.compareAndSet({ key, value: bytes("3") }, next)).toBeDefined();
        expect(await getText(key)).toBe("3");
      });

      it("lets one of many racing writers win", async () => {
        const guard = { key: inGroup("guard"), expected: undefined };
        const outcomes = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            store.writeGroup(
              [
                { key: inGroup("guard"), value: bytes(`${i}`) },
                { key: inGroup("a"), value: bytes(`${i}`) },
              ],
              guard,
            ),
          ),
        );
        expect(outcomes.filter((outcome) => outcome !== undefined)).toHaveLength(1);
        expect(await getText(inGroup("a"))).toBe(await getText(inGroup("guard")));
      });

      it("scans one group alone", async () => {
        const keys = Array.from({ length: 300 }, (_, i) => inGroup(`w/${i}`));
        const guard = { key: inGroup("guard"), expected: undefined };
        const changes = keys.map((key) => ({ key, value: bytes(key) }));
        await store.writeGroup(changes, guard);
        const other = `${prefix}/{group2}/w/1`;
        await store.compareAndSet({ key: other, value: bytes("other") }, undefined);
        expect((await scanned(inGroup("w/"))).toSorted()).toEqual(keys.toSorted());
        expect((await scanned(`${prefix}/{group2}/`)).toSorted()).toEqual([other]);
        expect(await scanned(prefix)).toHaveLength(301);
      });

      it("refuses keys of several groups, and of none", async () => {
        const foreign = { code: "ECAP_STATE_GROUP" };
        const guard = { key: inGroup("guard"), expected: undefined };
        for (const key of [`${prefix}/{other}/a`, `${prefix}/a`]) {
          await expect(store.writeGroup([{ key, value: bytes("x") }], guard)).rejects.toMatchObject(
            foreign,
          );
        }
        const none = { key: `${prefix}/guard`, expected: undefined };
        await expect(store.writeGroup([], none)).rejects.toMatchObject(foreign);
      });
    });

    describe("expiry", () => {
      it("counts a key as absent from its time on, by the given clock", async () => {
        const key = `${prefix}/a`;
        const change = { key, value: bytes("1"), expiresAt: noon + 1_000 };
        const version = await store.compareAndSet(change, undefined);
        subject.clock.set(noon + 999);
        expect(await getText(key)).toBe("1");
        subject.clock.set(noon + 1_000);
        expect(await getText(key)).toBeUndefined();
        expect(await scanned(prefix)).toEqual([]);
        expect(await store.compareAndSet({ key, value: bytes("2") }, version)).toBeUndefined();
        expect(await store.compareAndSet({ key, value: bytes("2") }, undefined)).toBeDefined();
        subject.clock.set(noon + 1_000_000);
        expect(await getText(key)).toBe("2");
      });
    });

    describe("scan", () => {
      it("finds each live key of the prefix exactly once", async () => {
        const keys = Array.from({ length: 500 }, (_, i) => `${prefix}/in/${i}`);
        await Promise.all(
          keys.map((key) => store.compareAndSet({ key, value: bytes(key) }, undefined)),
        );
        await store.flush();
        await store.compareAndSet({ key: `${prefix}/in`, value: bytes("short") }, undefined);
        await store.compareAndSet({ key: `${prefix}/inner`, value: bytes("other") }, undefined);
        const late = `${prefix}/in/late`;
        await store.compareAndSet({ key: late, value: bytes(late) }, undefined);
        expect((await scanned(`${prefix}/in/`)).toSorted()).toEqual([...keys, late].toSorted());
      });

      it("agrees with a model under any sequence of writes", async () => {
        const command = fc.record({
          key: fc.constantFrom("a", "a/b", "a/c", "ab", "b", "b/a"),
          value: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
          flush: fc.boolean(),
        });
        await fc.assert(
          fc.asyncProperty(fc.array(command, { maxLength: 30 }), async (commands) => {
            const root = uniqueName("model");
            const model = new Map<string, string>();
            for (const { key, value, flush } of commands) {
              const full = `${root}/${key}`;
              const [entry] = await store.get([full]);
              expect(text(entry)).toBe(model.get(full));
              const change = { key: full, value: value === undefined ? undefined : bytes(value) };
              expect(await store.compareAndSet(change, entry?.version)).toBeDefined();
              if (value === undefined) model.delete(full);
              else model.set(full, value);
              if (flush) await store.flush();
            }
            for (const under of ["", "a", "a/", "b"]) {
              const expected = [...model.keys()].filter((key) =>
                key.startsWith(`${root}/${under}`),
              );
              expect((await scanned(`${root}/${under}`)).toSorted()).toEqual(expected.toSorted());
            }
          }),
          { numRuns: 25 },
        );
      });
    });

    describe("contribute", () => {
      const windows = [
        perMinute("count", "count"),
        perMinute("sum", "sum"),
        perMinute("distinct", "distinct"),
        perMinute("min", "min"),
        perMinute("max", "max"),
      ];
      const buy = (id: string, at: number, amount: number, merchant: string) =>
        store.contribute({
          key: `${prefix}/card/1`,
          id,
          at,
          windows,
          values: [1, amount, merchant, amount, amount],
        });

      it("gives the totals before and after", async () => {
        expect(await buy("e1", noon, 10, "m1")).toEqual({
          applied: true,
          before: [0, 0, 0, undefined, undefined],
          after: [1, 10, 1, 10, 10],
        });
        expect(await buy("e2", noon + 1, 30, "m2")).toEqual({
          applied: true,
          before: [1, 10, 1, 10, 10],
          after: [2, 40, 2, 10, 30],
        });
        expect((await buy("e3", noon + 2, 5, "m1")).after).toEqual([3, 45, 2, 5, 30]);
      });

      it("adds an event once, however often it comes", async () => {
        await buy("e1", noon, 10, "m1");
        const again = await buy("e1", noon, 10, "m1");
        expect(again.applied).toBe(false);
        expect(again.before).toEqual([0, 0, 0, undefined, undefined]);
        expect(again.after).toEqual([1, 10, 1, 10, 10]);
        await store.flush();
        expect((await buy("e1", noon + minute, 99, "m9")).applied).toBe(false);
        expect((await buy("e2", noon, 1, "m1")).after).toEqual([2, 11, 1, 1, 10]);
      });

      it("gives a repeated event the same totals before it, whatever came meanwhile", async () => {
        await buy("e1", noon, 10.1, "m1");
        const { before } = await buy("e2", noon + 1, 0.2, "m2");
        await buy("e3", noon + 2, 99.9, "m2");
        const again = await buy("e2", noon + 1, 0.2, "m2");
        expect(again).toEqual({ applied: false, before, after: expect.anything() });
        expect(again.after.slice(2)).toEqual([2, 0.2, 99.9]);
        await store.flush();
        expect((await buy("e2", noon + 1, 0.2, "m2")).before).toEqual(before);
        expect((await buy("e1", noon, 10.1, "m1")).before).toEqual([0, 0, 0, undefined, undefined]);
      });

      it("gives a repeated event the totals of now for windows it was not asked for then", async () => {
        await buy("e1", noon, 10, "m1");
        const other = [perMinute("count", "count"), perMinute("other", "sum")];
        const key = `${prefix}/card/1`;
        const totals = await store.contribute({
          key,
          id: "e1",
          at: noon,
          windows: other,
          values: [1, 5],
        });
        expect(totals).toEqual({ applied: false, before: [1, 0], after: [1, 0] });
      });

      it("adds each of many concurrent events once, and each sees a total of its own", async () => {
        const ids = Array.from({ length: 100 }, (_, i) => `e${i % 50}`);
        const results = await Promise.all(ids.map((id) => buy(id, noon, 1, id)));
        const applied = results.filter((each) => each.applied);
        expect(applied).toHaveLength(50);
        expect(applied.map((each) => each.after[0] ?? 0).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: 50 }, (_, i) => i + 1),
        );
        expect((await buy("last", noon, 1, "m")).before.slice(0, 3)).toEqual([50, 50, 50]);
      });

      it("keeps entities apart", async () => {
        await buy("e1", noon, 10, "m1");
        const other = {
          key: `${prefix}/card/2`,
          id: "e1",
          at: noon,
          windows,
          values: [1, 7, "m", 7, 7],
        };
        expect((await store.contribute(other)).after).toEqual([1, 7, 1, 7, 7]);
      });

      it("takes nothing for undefined, and keeps the window's other totals", async () => {
        const values = [1, undefined, undefined, undefined, undefined];
        const key = `${prefix}/card/1`;
        const totals = await store.contribute({ key, id: "e1", at: noon, windows, values });
        expect(totals.after).toEqual([1, 0, 0, undefined, undefined]);
      });

      it("rounds the boundary to less information", async () => {
        await buy("e1", noon + 30_000, 10, "m1");
        // One window later in the same bucket: the bucket of `at - windowMs` is out as a whole.
        subject.clock.set(noon + 10 * minute);
        expect((await buy("e2", noon + 10 * minute, 1, "m2")).before[0]).toBe(0);
        expect((await buy("e3", noon + 10 * minute - 1, 1, "m3")).before[0]).toBe(1);
      });

      it("takes in once what windows that share their buckets are given by one of them", async () => {
        const key = `${prefix}/card/1`;
        const longest = { ...perMinute("events", "count"), windowMs: 10 * minute };
        const specs = [
          longest,
          { ...longest, windowMs: 2 * minute },
          { ...longest, windowMs: 2 * minute, delayMs: 3 * minute },
        ];
        const values = [1, undefined, undefined];
        const at = (minutes: number) =>
          store.contribute({
            key,
            id: `e${minutes}`,
            at: noon + minutes * minute,
            windows: specs,
            values,
          });
        subject.clock.set(noon + 10 * minute);
        expect((await at(0)).after).toEqual([1, 1, 0]);
        expect((await at(1)).after).toEqual([2, 2, 0]);
        // Of the bucket that is under way three minutes before nothing is seen.
        expect((await at(4)).after).toEqual([3, 1, 1]);
        expect((await at(5)).before).toEqual([3, 1, 1]);
        expect((await at(6)).after).toEqual([5, 2, 0]);
      });

      it("sees with a delay nothing younger than it, to the millisecond where buckets are that small", async () => {
        const key = `${prefix}/card/1`;
        const spec = { name: "events", windowMs: 1_000, bucketMs: 1, delayMs: 5_000 };
        const specs = (["count", "sum", "distinct", "min", "max"] as const).map((aggregate) => ({
          ...spec,
          aggregate,
        }));
        const at = (offset: number, amount: number) =>
          store.contribute({
            key,
            id: `e${offset}`,
            at: noon + offset,
            windows: specs,
            values: [1, amount, `${amount}`, amount, amount],
          });
        subject.clock.set(noon + 20_000);
        await at(0, 7);
        await at(1, 9);
        expect((await at(4_999, 1)).after).toEqual([0, 0, 0, undefined, undefined]);
        expect((await at(5_000, 1)).after).toEqual([1, 7, 1, 7, 7]);
        expect((await at(5_001, 1)).before).toEqual([2, 16, 2, 7, 9]);
        expect((await at(6_000, 1)).before).toEqual([1, 9, 1, 9, 9]);
        expect((await at(6_001, 1)).before).toEqual([0, 0, 0, undefined, undefined]);
        // What came late counts from when it came.
        await at(900, 3);
        expect((await at(5_950, 1)).before).toEqual([3, 19, 3, 3, 9]);
      });

      it("gives a late event the totals as of its own time", async () => {
        subject.clock.set(noon + 5 * minute);
        await buy("e1", noon, 10, "m1");
        await buy("e2", noon + 5 * minute, 20, "m2");
        expect((await buy("late", noon + minute, 1, "m3")).after).toEqual([2, 11, 2, 1, 10]);
        expect((await buy("e4", noon + 5 * minute, 0, "m1")).before).toEqual([3, 31, 3, 1, 20]);
      });

      it("is not aged by an event from the future", async () => {
        await buy("e1", noon, 10, "m1");
        await buy("future", noon + 1e12, 1, "m");
        expect((await buy("e2", noon + 1, 1, "m2")).after[0]).toBe(2);
      });

      it("refuses numbers that would poison a total", async () => {
        const invalid = { code: "ECAP_REQUEST_INVALID" };
        await expect(buy("e1", Number.NaN, 1, "m")).rejects.toMatchObject(invalid);
        await expect(buy("e1", noon, Number.NaN, "m")).rejects.toMatchObject(invalid);
        await expect(buy("e1", noon, Number.POSITIVE_INFINITY, "m")).rejects.toMatchObject(invalid);
        expect((await buy("e1", noon, 2, "m")).after).toEqual([1, 2, 1, 2, 2]);
      });

      it("agrees with adding up a list of events", async () => {
        await fc.assert(
          fc.asyncProperty(windowCases(noon), async ({ specs, events }) => {
            const key = uniqueName("entity");
            const held: typeof events = [];
            const firsts = new Map<string, ReturnType<typeof naiveTotals>>();
            for (const event of events) {
              const values = specs.map(({ aggregate }) =>
                aggregate === "distinct" ? event.label : event.amount,
              );
              const { id, at } = event;
              subject.clock.set(Math.max(subject.clock.now(), at));
              const totals = await store.contribute({ key, id, at, windows: specs, values });
              const applied = !firsts.has(id);
              const before = firsts.get(id) ?? naiveTotals(specs, held, at);
              firsts.set(id, before);
              if (applied) held.push(event);
              expect(totals).toEqual({ applied, before, after: naiveTotals(specs, held, at) });
            }
          }),
          { numRuns: 60 },
        );
      });
    });

    it("answers each of many calls of one tick with its own, the first of its kind among them", async () => {
      const rounds = [1, 2, 3, 4, 5, 6];
      const calls = rounds.flatMap((round) => {
        const plain = `${prefix}/plain${round}`;
        const group = Array.from({ length: round }, (_, i) => `${prefix}/${i}/{group${round}}/a`);
        const guard = { key: group[0] ?? "", expected: undefined };
        const contribution = { key: `${prefix}/card`, id: `e${round}`, at: noon, values: [1] };
        const windows = [perMinute("count", "count")];
        return [
          store.get([plain]).then((entries) => entries.length),
          store.compareAndSet({ key: plain, value: bytes(plain) }, undefined).then(isVersion),
          store.get([plain, plain]).then((entries) => entries.length),
          store
            .writeGroup(
              group.map((key) => ({ key, value: bytes(key) })),
              guard,
            )
            .then(isVersion),
          store.get([plain, plain, plain]).then((entries) => entries.length),
          store.contribute({ ...contribution, windows }).then(({ applied }) => applied),
        ];
      });
      expect(await Promise.all(calls)).toEqual(rounds.flatMap(() => [1, true, 2, true, 3, true]));
      expect(await scanned(`${prefix}/`)).toHaveLength(27);
    });

    it("holds everything flushed after it was opened again", async (context) => {
      if (subject.reopen === undefined) {
        context.skip("lives as long as its process");
        return;
      }
      const key = `${prefix}/a`;
      const contribution = {
        key: `${prefix}/card`,
        id: "e1",
        at: noon,
        windows: [perMinute("count", "count"), perMinute("distinct", "distinct")],
        values: [1, "m1"],
      };
      const version = await store.compareAndSet({ key, value: bytes("1") }, undefined);
      await store.contribute(contribution);
      await store.contribute({ ...contribution, id: "e2" });
      await store.flush();
      subject = await subject.reopen();
      subject.clock.set(noon);
      store = subject.stateStore;
      const [entry] = await store.get([key]);
      expect([text(entry), entry?.version]).toEqual(["1", version]);
      const repeated = await store.contribute({ ...contribution, id: "e2" });
      expect(repeated).toEqual({ applied: false, before: [1, 1], after: [2, 1] });
      expect((await store.contribute({ ...contribution, id: "e3" })).after).toEqual([3, 1]);
      const next = await store.compareAndSet({ key, value: bytes("2") }, version);
      expect(next).toBeDefined();
      expect(next).not.toBe(version);
    });
  });
}
