import { silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import { beforeEach, describe, expect, test } from "vitest";
import { decide } from "../../src/decide.ts";
import { decisionEvents } from "../../src/fraud-events.ts";
import { createRuleBook } from "../../src/rules/rule-book.ts";
import { createRuleDesk } from "../../src/rules/rule-desk.ts";

const start = Date.UTC(2026, 2, 3, 12);
const thresholds = { challenge: 30, review: 50, decline: 80 };
const ann = { tenant: "t", by: "ann" };
const bob = { tenant: "t", by: "bob" };
const rule = { id: "big", when: "payment.amount > 100", points: 90, code: "BIG" };
const document = (rules: readonly object[] = [rule], more: object = {}) => ({
  name: "mine",
  rules,
  ...more,
});

const named = (list: string) => [{ ...rule, when: `customer.id in lists.${list}` }];

const marked = (mark: number) => [
  { id: "a", when: "true", points: 10 + mark, code: "A" },
  { id: "b", when: "true", points: 20 + mark, code: "B" },
];

describe("the life of a rule set", () => {
  const clock = manualClock(start);
  let store = memory({ clock }).stateStore;
  let audited: Array<readonly [actor: string, action: string, target: string]> = [];
  const audit: Parameters<typeof createRuleDesk>[0]["audit"] = async ({
    actor,
    action,
    target,
  }) => {
    audited.push([actor, action, target]);
  };
  let { book, desk } = process();

  /** Another process of the deployment: the same state, its own memory. */
  function process() {
    const own = createRuleBook({ stateStore: store, clock, logger: silentLogger, modelPoints: 60 });
    return { book: own, desk: createRuleDesk({ stateStore: store, clock, book: own, audit }) };
  }

  let payments = 0;
  const pay = (
    amount: number,
    {
      rules = book,
      ...more
    }: { rules?: typeof book; customerId?: string; id?: string; time?: number } = {},
  ) => {
    payments += 1;
    const transaction = { id: `p${payments}`, tenant: "t", amount, ...more };
    return decide(transaction, {
      stateStore: store,
      clock,
      rules,
      thresholds,
    });
  };
  async function activated(rules?: readonly object[], more?: object): Promise<number> {
    const { version } = await desk.propose(ann, { document: document(rules, more) });
    await desk.move(ann, version, "shadow");
    await desk.move(bob, version, "activate");
    return version;
  }

  beforeEach(() => {
    clock.set(start);
    store = memory({ clock }).stateStore;
    audited = [];
    ({ book, desk } = process());
  });

  test("the default pack decides until somebody else approves what one proposed and tried in shadow", async () => {
    expect((await pay(500)).decision).toMatchObject({
      outcome: "approve",
      versions: { rules: "default/0" },
    });
    const { version, state } = await desk.propose(ann, {
      document: document(),
      note: "large ones",
    });
    expect([version, state]).toEqual([1, "draft"]);
    expect((await pay(500)).decision.shadows).toBeUndefined();
    await expect(desk.move(bob, 1, "activate")).rejects.toMatchObject({ code: "ECAP_CONFLICT" });

    await desk.move(ann, 1, "shadow");
    const shadowed = (await pay(500)).decision;
    expect(shadowed).toMatchObject({ outcome: "approve", versions: { rules: "default/0" } });
    expect(shadowed.shadows).toMatchObject([
      { rules: "mine/1", outcome: "decline", score: 90, held: ["big"] },
    ]);

    await expect(desk.move(ann, 1, "activate")).rejects.toMatchObject({ code: "ECAP_FORBIDDEN" });
    await desk.move(bob, 1, "activate");
    const live = (await pay(500)).decision;
    expect(live).toMatchObject({ outcome: "decline", versions: { rules: "mine/1" } });
    expect(live.reasons).toEqual([{ rule: "big", code: "BIG", points: 90, detail: "big" }]);

    await desk.move(ann, 0, "reinstate");
    expect((await pay(500)).decision.versions.rules).toBe("default/0");
    await desk.move(ann, 1, "reinstate");
    expect((await desk.versions("t", { limit: 10 })).map((each) => each.state)).toEqual([
      "active",
      "archived",
    ]);
    expect(
      (await desk.changes("t")).map(({ by, action, version: of }) => [by, action, of]),
    ).toEqual([
      ["ann", "reinstate", 1],
      ["ann", "reinstate", 0],
      ["bob", "activate", 1],
      ["ann", "shadow", 1],
      ["ann", "propose", 1],
    ]);
    expect(audited.map(([, action]) => action)).toEqual([
      "rules.propose",
      "rules.shadow",
      "rules.activate",
      "rules.reinstate",
      "rules.reinstate",
    ]);
  });

  test("a user and a key that user made are one person; two keys are two", async () => {
    const key = { tenant: "t", by: "k1", madeBy: "ann" };
    const other = { tenant: "t", by: "k2", madeBy: "ann" };
    const { version: byUser } = await desk.propose(ann, { document: document() });
    const { version: byKey } = await desk.propose(key, { document: document() });
    for (const version of [byUser, byKey]) await desk.move(ann, version, "shadow");
    const refused = { code: "ECAP_FORBIDDEN" };
    await expect(desk.move(key, byUser, "activate")).rejects.toMatchObject(refused);
    await expect(desk.move(ann, byKey, "activate")).rejects.toMatchObject(refused);
    expect((await desk.move(other, byKey, "activate")).state).toBe("active");
    expect((await desk.move(bob, byUser, "activate")).state).toBe("active");
  });

  test("in shadow and live one rule set gives one hash", async () => {
    const { version } = await desk.propose(ann, { document: document() });
    await desk.move(ann, version, "shadow");
    const shadow = (await pay(500, { id: "same" })).decision.shadows?.[0]?.hash;
    await desk.move(bob, version, "activate");
    const { hash } = (await pay(500, { id: "same" })).decision;
    expect(hash).toBe(shadow);
    expect((await pay(501, { id: "other" })).decision.hash).not.toBe(hash);
  });

  test.each([
    ["archive", 0, "ECAP_CONFLICT"],
    ["reinstate", 1, "ECAP_CONFLICT"],
    ["activate", 7, "ECAP_NOT_FOUND"],
    ["shadow", 0, "ECAP_CONFLICT"],
  ] as const)("%s of version %d is refused: %s", async (action, version, code) => {
    await desk.propose(ann, { document: document() });
    await expect(desk.move(bob, version, action)).rejects.toMatchObject({ code });
  });

  test("a draft takes the place of another; what would not work is no draft", async () => {
    await desk.propose(ann, { document: document() });
    await desk.propose(bob, { document: document(), replaces: 1 });
    expect((await desk.version("t", 1)).state).toBe("archived");
    await expect(desk.propose(ann, { document: document(), replaces: 1 })).rejects.toMatchObject({
      code: "ECAP_CONFLICT",
    });
    await expect(
      desk.propose(ann, { document: document([{ ...rule, when: "amont > 1" }]) }),
    ).rejects.toMatchObject({
      code: "ECAP_RULES_INVALID",
      message: 'rule "big", when: 1:1: there is no "amont"; did you mean "amount"?',
    });
    expect((await desk.versions("t", { limit: 10 })).map(({ version }) => version)).toEqual([
      2, 1, 0,
    ]);
  });

  test("drafts of many at one time get numbers of their own, each with its document", async () => {
    const desks = Array.from({ length: 8 }, () => process().desk);
    const made = await Promise.all(
      desks.map((each, i) =>
        each.propose(
          { tenant: "t", by: `p${i}` },
          { document: document([{ ...rule, points: i }]) },
        ),
      ),
    );
    expect(new Set(made.map(({ version }) => version)).size).toBe(8);
    for (const [i, { version }] of made.entries()) {
      const stored = await desk.version("t", version);
      expect(stored).toMatchObject({
        state: "draft",
        proposedBy: `p${i}`,
        document: { rules: [{ points: i }] },
      });
    }
  });

  test("another process sees a change within a second; tenants see only their own", async () => {
    const other = process();
    expect((await pay(500, { rules: other.book })).decision.versions.rules).toBe("default/0");
    await activated();
    expect((await pay(500)).decision.versions.rules).toBe("mine/1");
    expect((await pay(500, { rules: other.book })).decision.versions.rules).toBe("default/0");
    clock.set(start + 1_000);
    expect((await pay(500, { rules: other.book })).decision.versions.rules).toBe("mine/1");
    expect((await book.inForce("u")).active.label).toBe("default/0");
  });

  test("while rules change under way each decision is made by one version as a whole, and none is lost", async () => {
    const made: Array<Awaited<ReturnType<typeof pay>>> = [];
    const traffic = { going: true };
    const sent = (async () => {
      while (traffic.going)
        made.push(...(await Promise.all(Array.from({ length: 5 }, () => pay(5)))));
    })();
    const versions: number[] = [];
    for (let mark = 1; mark <= 8; mark += 1) versions.push(await activated(marked(mark)));
    traffic.going = false;
    await sent;
    const byVersion = new Map<string, Set<string>>();
    for (const { decision } of made) {
      const points = decision.reasons.map((reason) => reason.points).join();
      const seen = byVersion.get(decision.versions.rules) ?? new Set();
      byVersion.set(decision.versions.rules, seen.add(points));
    }
    expect(byVersion.size).toBeGreaterThan(4);
    for (const [label, points] of byVersion) {
      const mark = versions.indexOf(Number(label.split("/")[1])) + 1;
      expect([...points]).toEqual(mark === 0 ? [""] : [`${20 + mark},${10 + mark}`]);
    }
  });

  test("rules that cannot be read again go on deciding, and say nothing new", async () => {
    await activated();
    await pay(5);
    const failing = { ...store, get: () => Promise.reject(new Error("away")) };
    const cut = createRuleBook({
      stateStore: failing,
      clock,
      logger: silentLogger,
      modelPoints: 60,
    });
    await expect(cut.inForce("t")).rejects.toThrow("away");
    let away = false;
    const flaky = {
      ...store,
      get: (keys: readonly string[]) => (away ? failing.get() : store.get(keys)),
    };
    const known = createRuleBook({
      stateStore: flaky,
      clock,
      logger: silentLogger,
      modelPoints: 60,
    });
    await known.inForce("t");
    away = true;
    clock.set(start + 5_000);
    expect((await known.inForce("t")).active.label).toBe("mine/1");
  });

  test("an active version that names what is there no more leaves the default pack to decide", async () => {
    const version = await activated();
    const key = `fraud/rules/t/version/${version}`;
    const [entry] = await store.get([key]);
    const broken = {
      version,
      document: document([{ ...rule, when: "gone > 1" }]),
      proposedBy: "ann",
      proposedAt: 0,
    };
    await store.compareAndSet(
      { key, value: new TextEncoder().encode(JSON.stringify(broken)) },
      entry?.version,
    );
    expect((await process().book.inForce("t")).active.label).toBe("default/0");
  });

  test("declines beyond the cap fall to review, once told, and a payment decided on twice ends alike", async () => {
    await activated(undefined, { maxDeclinesPerMinute: 3 });
    const made = [];
    for (let i = 0; i < 6; i += 1) made.push(await pay(500, { id: `c${i}` }));
    expect(made.map(({ decision }) => decision.outcome)).toEqual([
      "decline",
      "decline",
      "decline",
      "review",
      "review",
      "review",
    ]);
    expect(made.map(({ decision }) => decision.capped === true)).toEqual([
      false,
      false,
      false,
      true,
      true,
      true,
    ]);
    const told = made
      .flatMap((each, i) => decisionEvents({ id: `c${i}`, amount: 500 }, each))
      .filter(({ type }) => type === "fraud.rules.capped");
    expect(told).toMatchObject([{ data: { rules_version: "mine/1", transaction_id: "c3" } }]);
    expect((await pay(500, { id: "c0" })).decision.outcome).toBe("decline");
    expect((await pay(500, { id: "c5" })).decision.outcome).toBe("review");
    clock.set(start + 70_000);
    expect((await pay(500)).decision.outcome).toBe("decline");
  });

  test("a backlog counts as declines of its own minutes, not of the minute it is decided in", async () => {
    await activated(undefined, { maxDeclinesPerMinute: 1 });
    const outcomes = [];
    for (let late = 5; late >= 0; late -= 1)
      outcomes.push((await pay(500, { time: start - late * 60_000 })).decision.outcome);
    expect(outcomes).toEqual(Array(6).fill("decline"));
    expect((await pay(500)).decision.outcome).toBe("review");
  });

  test("a snoozed rule is silent for its entity alone, until its time, live and in shadow", async () => {
    await activated();
    await desk.snooze(bob, { rule: "big", entity: "customer", id: "vip", until: start + 60_000 });
    clock.set(start + 1);
    expect((await pay(500, { customerId: "vip" })).decision.outcome).toBe("approve");
    expect((await pay(500, { customerId: "bob" })).decision.outcome).toBe("decline");
    clock.set(start + 60_000);
    expect((await pay(500, { customerId: "vip" })).decision.outcome).toBe("decline");
    await expect(
      desk.snooze(bob, { rule: "bg", entity: "card", id: "x", until: start + 1e9 }),
    ).rejects.toThrow('no rule in use is called "bg"');
  });

  test("lists decide from when an entry came until it expires or is removed, in every process", async () => {
    const other = process();
    await other.book.inForce("t");
    await desk.addToList(ann, "deny", [
      { value: "mallory", until: start + 10_000 },
      { value: "eve" },
    ]);
    expect((await pay(5, { customerId: "eve" })).decision.outcome).toBe("approve");
    clock.set(start + 1);
    expect((await pay(5, { customerId: "mallory" })).decision.outcome).toBe("decline");
    clock.set(start + 2_000);
    expect((await pay(5, { customerId: "eve", rules: other.book })).decision.outcome).toBe(
      "decline",
    );
    clock.set(start + 10_000);
    expect((await pay(5, { customerId: "mallory" })).decision.outcome).toBe("approve");
    await desk.removeFromList(ann, "deny", ["eve"]);
    expect((await pay(5, { customerId: "eve" })).decision.outcome).toBe("approve");
    expect((await desk.lists("t")).map(({ name, entries }) => [name, entries])).toEqual([
      ["allow", 0],
      ["deny", 1],
    ]);
  });

  test("a list of one's own is named by rules, and one that is not there is refused with the near name", async () => {
    await desk.createList(ann, { name: "resellers", kind: "custom", description: "" });
    expect(await desk.validate("t", document(named("resellers")))).toEqual([]);
    expect((await desk.validate("t", document(named("reseller"))))[0]?.message).toContain(
      'did you mean "resellers"?',
    );
    await activated(named("resellers"));
    await desk.addToList(ann, "resellers", [{ value: "shop-24" }]);
    clock.set(start + 1);
    expect((await pay(5, { customerId: "shop-24" })).decision.outcome).toBe("decline");
    await expect(
      desk.createList(ann, { name: "resellers", kind: "deny", description: "" }),
    ).rejects.toMatchObject({ code: "ECAP_CONFLICT" });
    await expect(desk.addToList(ann, "nobody", [{ value: "x" }])).rejects.toMatchObject({
      code: "ECAP_NOT_FOUND",
    });
  });
});
