import { EventEmitter, once } from "node:events";
import { type StateStore, silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { decide } from "../../src/decide.ts";
import { blockOf } from "../../src/rules/lists/entry-block.ts";
import { createRuleBook } from "../../src/rules/rule-book.ts";
import { createRuleDesk } from "../../src/rules/rule-desk.ts";
import { factsWith, thresholds } from "./rules-of.ts";

const start = Date.UTC(2026, 2, 3, 12);
const day = 86_400_000;
const ann = { tenant: "t", by: "ann" };

describe("entries of a list", () => {
  const clock = manualClock(start);
  let store: StateStore = memory({ clock }).stateStore;
  let audited: Array<Readonly<Record<string, unknown>> | undefined> = [];
  const audit: Parameters<typeof createRuleDesk>[0]["audit"] = async ({ details }) => {
    audited.push(details);
  };
  let { book, desk } = over(store);

  function over(stateStore: StateStore) {
    const own = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints: 60 });
    return { book: own, desk: createRuleDesk({ stateStore, clock, book: own, audit }) };
  }

  /** Whether the deny list of the default pack has the customer, at a time. */
  const denies = async (customer: string, at: number, rules = book): Promise<boolean> => {
    const { active } = await rules.refresh("t");
    const facts = [...factsWith({}, { "customer.id": customer })];
    facts[0] = at;
    return active.rules.some(({ id, holds }) => id === "denied" && holds(facts));
  };
  const add = (value: string, until?: number) =>
    desk.addToList(ann, "deny", [{ value, ...(until !== undefined && { until }) }]);

  beforeEach(() => {
    clock.set(start);
    store = memory({ clock }).stateStore;
    audited = [];
    ({ book, desk } = over(store));
  });

  test("are in force where they are listed, also those of a call that failed half-way", async () => {
    const values = Array.from({ length: 300 }, (_, i) => `c${i}`);
    const failing = `/deny/${blockOf("c7")}`;
    let writes = 0;
    const { desk: cut } = over({
      ...store,
      async compareAndSet(change, expected) {
        writes += 1;
        if (change.key.endsWith(failing)) throw new Error("away");
        return store.compareAndSet(change, expected);
      },
    });
    await expect(
      cut.addToList(
        ann,
        "deny",
        values.map((value) => ({ value })),
      ),
    ).rejects.toThrow("away");
    const settled = writes;
    const { entries } = await desk.entries("t", "deny", { limit: 10_000, from: 0 });
    expect(entries.length).toBeGreaterThan(50);
    clock.set(start + 1);
    for (const { value } of entries) expect(await denies(value, start + 1)).toBe(true);
    expect(await denies("c7", start + 1)).toBe(false);
    expect(await desk.lists("t")).toContainEqual(
      expect.objectContaining({ name: "deny", entries: entries.length }),
    );
    expect(audited).toEqual([{ entries: 300, incomplete: true }]);
    expect(writes).toBe(settled);
  });

  test("added again go on counting from when they came, with their new end", async () => {
    await add("eve");
    clock.set(start + day);
    await add("eve", start + 3 * day);
    expect(await denies("eve", start + 1)).toBe(true);
    expect(await denies("eve", start + day)).toBe(true);
    expect(await denies("eve", start + 3 * day)).toBe(false);
    clock.set(start + 4 * day);
    await add("eve");
    expect(await denies("eve", start + 4 * day)).toBe(false);
    expect(await denies("eve", start + 4 * day + 1)).toBe(true);
  });

  test.each(["__proto__", "constructor", "toString"])(
    "of the name %s are entries as others",
    async (value) => {
      await add(value);
      expect(await denies(value, start)).toBe(false);
      expect(await denies(value, start + 1)).toBe(true);
    },
  );

  test("that expired are known for 90 days, and make room where it is needed", async () => {
    const [old = "", other = "", third = ""] = ofBlock(3, "x");
    await add(old, start + day);
    clock.set(start + 60 * day);
    await add(other);
    expect(await denies(old, start + day - 1)).toBe(true);
    clock.set(start + 92 * day);
    await add(third);
    expect(await denies(old, start + day - 1)).toBe(false);

    const many = ofBlock(2_046, "y").map((value) => ({ value, until: start + 93 * day }));
    await desk.addToList(ann, "deny", many);
    const [late = ""] = ofBlock(1, "z");
    await expect(add(late)).rejects.toMatchObject({ code: "ECAP_CONFLICT" });
    clock.set(start + 93 * day);
    await add(late);
    expect(await denies(late, start + 93 * day + 1)).toBe(true);
    expect(await denies(other, start + 93 * day + 1)).toBe(true);
  });

  test("are in a decision's details as its ruling saw them, whatever is removed while declines are counted", async () => {
    const seen = { id: "a", when: "customer.id in lists.deny", points: 90, code: "A" };
    const rules = [{ ...seen, detail: "listed: {customer.id in lists.deny}" }];
    const { version } = await desk.propose(ann, { document: { name: "mine", rules } });
    await desk.move(ann, version, "shadow");
    await desk.move({ tenant: "t", by: "bob" }, version, "activate");
    await add("eve");
    clock.set(start + 1);
    const counting: StateStore = {
      ...store,
      async contribute(contribution) {
        if (contribution.key.includes("/declines/"))
          await desk.removeFromList(ann, "deny", ["eve"]);
        return store.contribute(contribution);
      },
    };
    const { decision } = await decide(
      { id: "p", tenant: "t", amount: 5, customerId: "eve" },
      {
        stateStore: counting,
        clock,
        rules: book,
        thresholds,
      },
    );
    expect(decision).toMatchObject({ outcome: "decline", reasons: [{ detail: "listed: yes" }] });
  });

  test("seen by a slow read never take the place of newer ones", async () => {
    const [held, release] = gate();
    const [begun, begins] = gate();
    let holds = true;
    const { book: slow, desk: own } = over({
      ...store,
      async get(keys) {
        const found = await store.get(keys);
        if (!holds || !keys.some((key) => key.includes("/list/deny/"))) return found;
        begins();
        await held;
        return found;
      },
    });
    await add("first");
    // A full read, outside the refreshes, that ends last.
    const document = {
      name: "x",
      rules: [{ id: "a", when: "customer.id in lists.deny", code: "A" }],
    };
    const compiling = slow.compile("t", document, -1);
    await begun;
    holds = false;
    await own.removeFromList(ann, "deny", ["first"]);
    expect(await denies("first", start + 1, slow)).toBe(false);
    release();
    await compiling;
    expect(await denies("first", start + 1, slow)).toBe(false);
  });
});

/** A promise and what resolves it. */
function gate(): readonly [Promise<unknown>, () => void] {
  const opened = new EventEmitter();
  return [once(opened, "open"), () => void opened.emit("open")];
}

/** Values that are all kept in one block of a list. */
function ofBlock(count: number, prefix: string): string[] {
  const found: string[] = [];
  for (let i = 0; found.length < count; i += 1)
    if (blockOf(`${prefix}${i}`) === 5) found.push(`${prefix}${i}`);
  return found;
}
