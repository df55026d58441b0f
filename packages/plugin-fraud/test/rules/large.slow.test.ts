import { silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import { expect, test } from "vitest";
import { backtest } from "../../src/rules/backtest/backtest.ts";
import type { BacktestRow } from "../../src/rules/backtest/backtest-row.ts";
import { defaultPack } from "../../src/rules/default-pack.ts";
import { evaluate } from "../../src/rules/evaluate.ts";
import { factsFrom, factsOf, recordedFacts } from "../../src/rules/fields.ts";
import { packBlock, type Term } from "../../src/rules/lists/entry-block.ts";
import { createRuleBook } from "../../src/rules/rule-book.ts";
import { createRuleDesk } from "../../src/rules/rule-desk.ts";
import { pack, thresholds } from "./rules-of.ts";

const now = Date.UTC(2026, 2, 3, 12);

const noise = (i: number, salt: number, below: number): number =>
  Math.floor(((Math.imul(i + 1, 2_654_435_761 + salt * 40_503) >>> 0) / 2 ** 32) * below);

test("a million packed entries take little memory", () => {
  const block = (i: number): Readonly<Record<string, Term>> =>
    Object.fromEntries(
      Array.from({ length: 1_000 }, (_, k) => [`card-token-${i}-${k}`, [now, null] as const]),
    );
  globalThis.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  const blocks = Array.from({ length: 1_000 }, (_, i) => packBlock(block(i)));
  const bytes = process.memoryUsage().arrayBuffers - before;
  expect(blocks[5]?.has("card-token-5-7", now)).toBe(true);
  console.log(`a million entries: ${(bytes / 2 ** 20).toFixed(1)} MiB of packed arrays`);
  expect(bytes).toBeLessThan(40 * 2 ** 20);
});

test("a list of a million entries is stored, loaded by another process and looked up", async () => {
  const clock = manualClock(now);
  const { stateStore } = memory({ clock });
  const process1 = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints: 60 });
  const desk = createRuleDesk({ stateStore, clock, book: process1, audit: async () => {} });
  const begun = performance.now();
  for (let i = 0; i < 20; i += 1) {
    const entries = Array.from({ length: 50_000 }, (_, k) => ({
      value: `card-token-${i * 50_000 + k}`,
    }));
    await desk.addToList({ tenant: "t", by: "ann" }, "deny", entries);
  }
  const storedMs = performance.now() - begun;
  expect(await desk.lists("t")).toContainEqual(
    expect.objectContaining({ name: "deny", entries: 1_000_000 }),
  );
  clock.set(now + 1);

  const loading = performance.now();
  const process2 = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints: 60 });
  const { active } = await process2.inForce("t");
  const loadedMs = performance.now() - loading;
  const subject = (cardId: string) =>
    factsOf({
      transaction: { id: "p", time: now, amount: 5, cardId },
      features: {},
      decidedAt: now + 1,
    });
  const outcomeOf = (card: string) => evaluate(active, subject(card), { thresholds }).outcome;
  for (let i = 0; i < 1_000_000; i += 9_973) expect(outcomeOf(`card-token-${i}`)).toBe("decline");
  for (let i = 0; i < 1_000; i += 1) expect(outcomeOf(`other-${i}`)).toBe("approve");
  console.log(
    `a million entries: stored in ${(storedMs / 1_000).toFixed(1)} s, loaded in ${(loadedMs / 1_000).toFixed(2)} s`,
  );
});

test("live, shadow and backtest hashes are equal over 100,000 decisions", async () => {
  const live = pack();
  const shadow = { ...pack(), label: "default/1" };
  const names = [
    "card_count_10m",
    "card_failed_1h",
    "device_cards_24h",
    "customer_count_30d",
    "country_mismatch",
  ];
  const hashes: string[] = [];
  const outcomes = new Map<string, number>();
  const rows: BacktestRow[] = [];
  for (let i = 0; i < 100_000; i += 1) {
    const features = Object.fromEntries(
      names.map((name, k) => [name, noise(i, k, k === 4 ? 2 : 6)]),
    );
    const transaction = {
      id: `p${i}`,
      time: now + i * 37,
      amount: noise(i, 9, 90_000) / 100,
      ...(noise(i, 10, 4) > 0 && { customerId: `c${noise(i, 11, 999)}` }),
      country: "DE",
    };
    const modelScore = noise(i, 12, 5) === 0 ? undefined : noise(i, 13, 1e6) / 1e6;
    const facts = factsOf({ transaction, features, modelScore, decidedAt: now + i });
    const ruling = evaluate(live, facts, { thresholds });
    expect(evaluate(shadow, facts, { thresholds }).hash).toBe(ruling.hash);
    hashes.push(ruling.hash);
    outcomes.set(ruling.outcome, (outcomes.get(ruling.outcome) ?? 0) + 1);
    // Through JSON, as the log and the lake keep them.
    const recorded = JSON.parse(
      JSON.stringify({
        features,
        facts: {
          ...recordedFacts(facts),
          "payment.id": transaction.id,
          "payment.time": transaction.time,
          "payment.amount": transaction.amount,
          "payment.country": transaction.country,
          "payment.failed": false,
          "customer.id": transaction.customerId,
          "model.score": modelScore,
        },
      }),
    ) as Pick<Parameters<typeof factsFrom>[0], "facts" | "features">;
    rows.push({
      id: `p${i}`,
      facts: factsFrom({ ...recorded, decidedAt: now + i }),
      amount: transaction.amount,
      hashes: { "default/1": ruling.hash },
    });
  }
  const stream = (async function* () {
    yield* rows;
  })();
  const report = await backtest(stream, {
    candidate: shadow,
    active: { ...live, label: "default/0" },
    thresholds,
  });
  expect(report.recorded).toEqual({ compared: 100_000, equal: 100_000 });
  expect(report.changes).toEqual([]);
  expect(new Set(hashes).size).toBeGreaterThan(50_000);
  expect(outcomes.size).toBe(4);
  expect(defaultPack(75).rules).toHaveLength(report.rules.length);
  console.log(
    `backtest of 100,000 decisions by two rule sets: ${report.seconds.toFixed(2)} s; outcomes ${JSON.stringify(Object.fromEntries(outcomes))}`,
  );
});
