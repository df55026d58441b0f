import type { QueryEngine } from "@ecap/sdk";
import { provenanceOf } from "@ecap/sdk/http";
import { lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { Kysely } from "kysely";
import type { CaseTables } from "./case-tables.ts";
import { groupBy } from "./group-by.ts";
import { shareOf } from "./labels/label-curve.ts";
import { labelledDecisions, lake, newestWords, type Period } from "./labels/labelled-decisions.ts";

export interface ReportQuery extends Period {
  readonly tenant: string;
}

/** Sets of rules that held together, and closed cases, that are counted. */
const mostSets = 10_000;
const mostCases = 100_000;
const hourMs = 3_600_000;

/**
 * What fraud cost and what was prevented, of the payments of a period as far as labels say, in all and by the code of each rule; and of the cases closed in
 * it, how long they took, in all and by analyst. Amounts of different currencies are added as they are.
 */
export async function caseReport(
  engine: QueryEngine,
  db: Kysely<CaseTables>,
  { tenant, ...period }: ReportQuery,
) {
  const [sums, analysts, overturned] = await Promise.all([
    readSums(engine, tenant, period),
    readClosed(db, tenant, period),
    readOverturned(engine, tenant, period),
  ]);
  const names = [...new Set([...analysts.by.keys(), ...overturned.keys()])].toSorted();
  return {
    ...sums,
    cases: analysts.all,
    byAnalyst: names.map((analyst) => ({
      analyst,
      ...(analysts.by.get(analyst) ?? timesOf([])),
      labels: overturned.get(analyst)?.labels ?? 0,
      overturned: overturned.get(analyst)?.overturned ?? 0,
    })),
  };
}

async function readSums(engine: QueryEngine, tenant: string, period: Period) {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom(labelledDecisions(engine, period).as("l"))
    .select((eb) => {
      const where = (verdict: string, stopped: boolean) =>
        eb.and([eb("l.verdict", "=", verdict), eb("l.stopped", "=", stopped)]);
      return [
        "l.reason_codes as codes",
        eb.fn.countAll<number>().as("payments"),
        fn.countWhere(eb("l.stopped", "=", true)).as("stopped"),
        fn
          .countWhere(eb.and([eb("l.stopped", "=", true), eb("l.verdict", "is", null)]))
          .as("unlabelled"),
        fn.countWhere(where("fraud", false)).as("passed_frauds"),
        fn.sumWhere(eb.ref("l.amount"), where("fraud", false)).as("loss"),
        fn.countWhere(where("fraud", true)).as("stopped_frauds"),
        fn.sumWhere(eb.ref("l.amount"), where("fraud", true)).as("prevented"),
        fn.countWhere(where("legitimate", true)).as("stopped_honest"),
        fn.sumWhere(eb.ref("l.amount"), where("legitimate", true)).as("honest_amount"),
      ];
    })
    .groupBy("l.reason_codes")
    .orderBy("payments", "desc")
    .limit(mostSets);
  const { rows, ...provenance } = await queryLake(engine, query, {
    tenant,
    fresh: true,
    maxRows: mostSets,
  });
  const byRule = new Map<string, Sums>();
  let all = noSums;
  for (const row of rows) {
    all = plus(all, row);
    for (const code of new Set((row.codes ?? "").split(",").filter(Boolean)))
      byRule.set(code, plus(byRule.get(code) ?? noSums, row));
  }
  return {
    ...provenanceOf(provenance, tenant),
    total: shownSums(all),
    byRule: [...byRule]
      .map(([code, sums]) => ({ code, ...shownSums(sums) }))
      .toSorted((a, b) => b.prevented - a.prevented || (a.code < b.code ? -1 : 1)),
  };
}

const summed = [
  "payments",
  "stopped",
  "unlabelled",
  "passed_frauds",
  "loss",
  "stopped_frauds",
  "prevented",
  "stopped_honest",
  "honest_amount",
] as const;
type Sums = Readonly<Record<(typeof summed)[number], number>>;
const noSums = Object.fromEntries(summed.map((name) => [name, 0])) as Sums;

function plus(sums: Sums, row: Sums): Sums {
  return Object.fromEntries(summed.map((name) => [name, sums[name] + row[name]])) as Sums;
}

function shownSums(sums: Sums) {
  return {
    payments: sums.payments,
    stopped: sums.stopped,
    unlabelled: sums.unlabelled,
    loss: sums.loss,
    passedFrauds: sums.passed_frauds,
    prevented: sums.prevented,
    stoppedFrauds: sums.stopped_frauds,
    falsePositives: sums.stopped_honest,
    falsePositiveAmount: sums.honest_amount,
    ...shareOf("precision", sums.stopped_frauds, sums.stopped_frauds + sums.stopped_honest),
    ...shareOf("recall", sums.stopped_frauds, sums.stopped_frauds + sums.passed_frauds),
  };
}

interface Closed {
  readonly closed_by: string | null;
  readonly opened_at: Date;
  readonly closed_at: Date | null;
  readonly due_at: Date;
}

async function readClosed(db: Kysely<CaseTables>, tenant: string, { from, to }: Period) {
  const rows = await db
    .selectFrom("cases")
    .select(["closed_by", "opened_at", "closed_at", "due_at"])
    .where("tenant", "=", tenant)
    .where("closed_at", ">=", new Date(from))
    .where("closed_at", "<", new Date(to))
    .orderBy("closed_at", "desc")
    .limit(mostCases)
    .execute();
  const by = groupBy(rows, ({ closed_by }) => closed_by ?? "");
  return {
    all: timesOf(rows),
    by: new Map([...by].map(([analyst, own]) => [analyst, timesOf(own)])),
  };
}

/** How many, how long they took, and how many in time. */
function timesOf(rows: readonly Closed[]) {
  const hours = rows
    .map(
      ({ opened_at, closed_at }) =>
        ((closed_at ?? opened_at).getTime() - opened_at.getTime()) / hourMs,
    )
    .toSorted((a, b) => a - b);
  const inTime = rows.filter(({ closed_at, due_at }) => (closed_at ?? due_at) <= due_at).length;
  const at = (share: number) => hours[Math.min(hours.length - 1, Math.floor(hours.length * share))];
  return {
    closed: rows.length,
    inTime,
    ...(hours.length > 0 && { medianHours: at(0.5) ?? 0, p90Hours: at(0.9) ?? 0 }),
  };
}

/** Words of each analyst in the period, and those that the bank's newest word is against. */
async function readOverturned(engine: QueryEngine, tenant: string, period: Period) {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom(newestWords("payment_id").as("a"))
    .leftJoin(newestWords("payment_id").as("b"), (join) =>
      join.onRef("b.id", "=", "a.id").on("b.voice", "=", "bank").on("b.nth", "=", 1),
    )
    .select((eb) => [
      "a.labelled_by as analyst",
      eb.fn.countAll<number>().as("labels"),
      fn
        .countWhere(
          eb.and([
            eb("a.verdict", "!=", "unsure"),
            eb("b.verdict", "!=", "unsure"),
            eb("a.verdict", "!=", eb.ref("b.verdict")),
          ]),
        )
        .as("overturned"),
    ])
    .where("a.voice", "=", "analyst")
    .where("a.nth", "=", 1)
    .where("a.labelled_by", "is not", null)
    .where((eb) => fn.inTimes(eb.ref("a.date"), eb.ref("a.known_at"), period))
    .groupBy("a.labelled_by")
    .limit(1_000);
  const { rows } = await queryLake(engine, query, { tenant, fresh: true });
  return new Map(
    rows.map(({ analyst, labels, overturned }) => [analyst ?? "", { labels, overturned }]),
  );
}
