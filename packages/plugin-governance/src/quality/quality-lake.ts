import type { QueryEngine } from "@ecap/sdk";
import { lakeDb, lakeFunctions, queryLake } from "@ecap/sdk/sql";
import type { QualitySums } from "./quality-sums.ts";

interface Lineage {
  readonly event_id: string;
  readonly event_time: string;
  readonly date: string;
  readonly partition: number;
  readonly offset: number;
}

interface Results extends Lineage {
  readonly minute: string;
  readonly source_topic: string;
  readonly rule: string;
  readonly field: string;
  readonly checked: number;
  readonly failed: number;
  readonly examples: string | null;
}

export interface ProfileRow extends Lineage {
  readonly hour: string;
  readonly source_topic: string;
  readonly event_type: string;
  readonly field: string;
  readonly sampled: number;
  readonly value_count: number;
  readonly nulls: number;
  readonly distinct_values: number;
  readonly quantiles: string | null;
  readonly top_values: string | null;
}

export interface AlertRow extends Lineage {
  readonly alert_id: string;
  readonly kind: string;
  readonly name: string;
  readonly source_topic: string | null;
  readonly severity: string;
  readonly message: string;
  readonly since: string;
  readonly until: string | null;
  readonly reason: string | null;
  readonly observed: number | null;
  readonly expected: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly score: number | null;
  readonly historical: boolean;
}

const lake = lakeDb<{
  readonly quality_results: Results;
  readonly quality_profiles: ProfileRow;
  readonly quality_alerts: AlertRow;
}>();

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const maxProfileRows = 20_000;
const maxAlertRows = 5_000;

/** Results of the last day by rule and field. */
export async function readSums(
  engine: QueryEngine,
  { tenant, now }: { readonly tenant: string; readonly now: number },
): Promise<QualitySums> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("quality_results")
    .where((eb) =>
      fn.inTimes(eb.ref("date"), eb.ref("event_time"), { from: now - dayMs, to: now + hourMs }),
    )
    .select((eb) => {
      const isOfHour = fn.inTimes(eb.ref("date"), eb.ref("event_time"), {
        from: now - hourMs,
        to: now + hourMs,
      });
      const failedAt = eb.case().when("failed", ">", 0).then(eb.ref("minute")).end();
      return [
        "source_topic",
        "rule",
        "field",
        "partition",
        fn.toDouble(fn.sumWhere(eb.ref("checked"), isOfHour)).as("hour_checked"),
        fn.toDouble(fn.sumWhere(eb.ref("failed"), isOfHour)).as("hour_failed"),
        fn.toDouble(fn.sum0(eb.ref("checked"))).as("day_checked"),
        fn.toDouble(fn.sum0(eb.ref("failed"))).as("day_failed"),
        eb.fn.max(failedAt).as("failed_at"),
        fn.lastBy(eb.ref("examples"), failedAt).as("examples"),
        eb.fn.max("offset").as("offset"),
      ];
    })
    .groupBy(["source_topic", "rule", "field", "partition"]);
  const { rows, asOf, versions } = await queryLake(engine, query, { tenant });
  const offsets = new Map<number, number>();
  for (const { partition, offset } of rows) {
    offsets.set(partition, Math.max(offsets.get(partition) ?? -1, offset));
  }
  const sums = rows.map((row) => ({
    topic: row.source_topic,
    rule: row.rule,
    field: row.field,
    hour: { checked: row.hour_checked, failed: row.hour_failed },
    day: { checked: row.day_checked, failed: row.day_failed },
    ...(row.failed_at !== null && {
      lastFailure: {
        at: Date.parse(row.failed_at),
        examples: JSON.parse(row.examples ?? "[]") as readonly string[],
      },
    }),
  }));
  return { sums, offsets, asOf, versions };
}

/** Profiles of the hours that ended in the last two days, the newest first. */
export async function readProfiles(
  engine: QueryEngine,
  { tenant, now, topic }: { readonly tenant: string; readonly now: number; readonly topic: string },
): Promise<readonly ProfileRow[]> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("quality_profiles")
    .selectAll()
    .where((eb) =>
      fn.inTimes(eb.ref("date"), eb.ref("event_time"), { from: now - 2 * dayMs, to: now + hourMs }),
    )
    .where("source_topic", "=", topic)
    .orderBy("hour", "desc")
    .orderBy("event_type")
    .orderBy("field")
    .limit(maxProfileRows);
  return (await queryLake(engine, query, { tenant })).rows;
}

/** What became of alerts in the last thirty days, the newest first. */
export async function readAlerts(
  engine: QueryEngine,
  { tenant, now }: { readonly tenant: string; readonly now: number },
): Promise<readonly AlertRow[]> {
  const fn = lakeFunctions(engine.dialect);
  const query = lake
    .selectFrom("quality_alerts")
    .selectAll()
    .where((eb) =>
      fn.inTimes(eb.ref("date"), eb.ref("event_time"), {
        from: now - 30 * dayMs,
        to: now + hourMs,
      }),
    )
    .orderBy("event_time", "desc")
    .orderBy("event_id")
    .limit(maxAlertRows);
  return (await queryLake(engine, query, { tenant })).rows;
}
