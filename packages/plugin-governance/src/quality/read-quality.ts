import type { QualityRule } from "@ecap/sdk";
import type {
  QualityAlert,
  QualityProfile,
  QualityRequest,
  QualityRuleStatus,
  QualityStatus,
} from "../contract.ts";
import { fieldOf } from "./compile-rule.ts";
import { logTail } from "./log-tail.ts";
import { alertOfEvent, foldAlerts } from "./quality-alerts.ts";
import type { QualityContext } from "./quality-context.ts";
import {
  alertRaised,
  alertResolved,
  qualityMeasured,
  qualityProfiled,
  qualityTopic,
} from "./quality-events.ts";
import {
  type AlertRow,
  type ProfileRow,
  readAlerts,
  readProfiles,
  readSums,
} from "./quality-lake.ts";
import { countsOf, type QualitySum, type QualitySums, withMeasured } from "./quality-sums.ts";
import { eventsRule } from "./quality-tables.ts";

const none: QualitySums = { sums: [], offsets: new Map(), asOf: 0, versions: {} };

/** How the rules fare: from the lake, and from the log what the lake does not hold yet. */
export async function readStatus(
  ctx: QualityContext,
  rules: readonly QualityRule[],
  request: QualityRequest,
): Promise<QualityStatus> {
  const now = ctx.clock.now();
  const { tenant } = request;
  const lake = ctx.has("queryEngine")
    ? await readSums(ctx.port("queryEngine"), { tenant, now })
    : none;
  const events = await logTail(ctx.port("eventLog"), {
    topic: qualityTopic,
    tenant,
    types: [qualityMeasured.type],
    after: lake.offsets,
  });
  const sums = withMeasured(lake.sums, events, { now, eventsRule });
  const open = new Set(
    (await readAlertStates(ctx, request)).flatMap(({ status, name }) =>
      status === "open" ? [name] : [],
    ),
  );
  return {
    asOf: Math.max(lake.asOf, ...events.map(({ time }) => time)),
    versions: lake.versions,
    topics: topicsOf(sums),
    rules: rules.map((rule) => statusOf(rule, sums, open)),
  };
}

function topicsOf(sums: readonly QualitySum[]): QualityStatus["topics"] {
  const topics = new Map<string, QualitySum[]>();
  for (const sum of sums) topics.set(sum.topic, [...(topics.get(sum.topic) ?? []), sum]);
  return [...topics]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([topic, all]) => {
      const counted = all.filter(({ rule }) => rule === eventsRule);
      const total = (of: "hour" | "day"): number =>
        counted.reduce((sum, each) => sum + each[of].checked, 0);
      return {
        topic,
        hour: total("hour"),
        day: total("day"),
        types: counted
          .map(({ field, hour, day }) => ({ type: field, hour: hour.checked, day: day.checked }))
          .toSorted((a, b) => b.day - a.day || (a.type < b.type ? -1 : 1)),
      };
    });
}

function statusOf(
  rule: QualityRule,
  sums: readonly QualitySum[],
  open: ReadonlySet<string>,
): QualityRuleStatus {
  const own = sums.filter((sum) => sum.rule === rule.name);
  const field = fieldOf(rule);
  const whole = own.find((sum) => sum.field === field);
  const nothing = { checked: 0, failed: 0 };
  const { name, topic, types, level, description, check } = rule;
  const isOfTime = check.kind === "silence" || check.kind === "volume";
  const isIdle = isOfTime
    ? !sums.some((sum) => sum.topic === topic)
    : (whole?.day.checked ?? 0) === 0;
  return {
    name,
    topic,
    ...(types !== undefined && { types: [...types] }),
    level,
    description,
    check: check.kind,
    field,
    state: open.has(name) ? "alert" : isIdle ? "idle" : "ok",
    hour: countsOf(whole?.hour ?? nothing),
    day: countsOf(whole?.day ?? nothing),
    ...(whole?.lastFailure !== undefined && { lastFailure: whole.lastFailure }),
    // Of a schema, the fields that did not fit.
    fields: own
      .filter((sum) => sum !== whole)
      .map((sum) => ({ field: sum.field, hour: sum.hour.failed, day: sum.day.failed })),
  };
}

/** What the fields of a topic's events were like in the newest hour of each type. */
export async function readTopicProfiles(
  ctx: QualityContext,
  request: QualityRequest & { readonly topic: string; readonly type?: string },
): Promise<readonly QualityProfile[]> {
  const now = ctx.clock.now();
  const rows = ctx.has("queryEngine")
    ? await readProfiles(ctx.port("queryEngine"), { ...request, now })
    : [];
  const events = await logTail(ctx.port("eventLog"), {
    topic: qualityTopic,
    tenant: request.tenant,
    types: [qualityProfiled.type],
    after: new Map(),
  });
  const newest = new Map<string, QualityProfile>();
  const found = [
    ...profilesOf(rows),
    ...events.map(({ data }) => data as unknown as QualityProfile),
  ];
  for (const profile of found) {
    if (profile.topic !== request.topic) continue;
    if (request.type !== undefined && profile.type !== request.type) continue;
    if (profile.hour >= (newest.get(profile.type)?.hour ?? -Infinity)) {
      newest.set(profile.type, profile);
    }
  }
  return [...newest.values()].toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

function profilesOf(rows: readonly ProfileRow[]): readonly QualityProfile[] {
  const hours = new Map<string, ProfileRow[]>();
  for (const row of rows) {
    const key = `${row.event_type}\n${row.hour}`;
    hours.set(key, [...(hours.get(key) ?? []), row]);
  }
  return [...hours.values()].flatMap((fields) => {
    const [first] = fields;
    if (first === undefined) return [];
    return [
      {
        topic: first.source_topic,
        type: first.event_type,
        hour: Date.parse(first.hour),
        sampled: first.sampled,
        final: true,
        fields: fields.map(fieldProfileOf),
      },
    ];
  });
}

function fieldProfileOf(row: ProfileRow): QualityProfile["fields"][number] {
  const [count, nulls] = [row.value_count, row.nulls];
  return {
    field: row.field,
    count,
    nulls,
    nullShare: count === 0 ? 0 : nulls / count,
    distinct: row.distinct_values,
    ...(row.quantiles !== null && {
      quantiles: JSON.parse(row.quantiles) as Record<string, number>,
    }),
    ...(row.top_values !== null && {
      top: JSON.parse(row.top_values) as Array<{ value: string; count: number }>,
    }),
  };
}

/** Alerts of the last thirty days, open ones first, then the newest. */
export async function readAlertStates(
  ctx: QualityContext,
  { tenant }: QualityRequest,
): Promise<readonly QualityAlert[]> {
  const now = ctx.clock.now();
  const rows = ctx.has("queryEngine")
    ? await readAlerts(ctx.port("queryEngine"), { tenant, now })
    : [];
  const after = new Map<number, number>();
  for (const { partition, offset } of rows) {
    after.set(partition, Math.max(after.get(partition) ?? -1, offset));
  }
  const events = await logTail(ctx.port("eventLog"), {
    topic: alertRaised.topic,
    tenant,
    types: [alertRaised.type, alertResolved.type],
    after,
  });
  return foldAlerts([...rows.map(alertOfRow), ...events.map(alertOfEvent)]);
}

function alertOfRow(row: AlertRow): QualityAlert {
  const given = (name: "observed" | "expected" | "low" | "high" | "score") =>
    row[name] === null ? {} : { [name]: row[name] };
  return {
    id: row.alert_id,
    status: row.until === null ? "open" : "resolved",
    kind: row.kind as QualityAlert["kind"],
    name: row.name,
    ...(row.source_topic !== null && row.source_topic !== "" && { topic: row.source_topic }),
    severity: row.severity as QualityAlert["severity"],
    message: row.message,
    since: Date.parse(row.since),
    ...(row.until !== null && { until: Date.parse(row.until) }),
    ...(row.reason !== null && { reason: row.reason as NonNullable<QualityAlert["reason"]> }),
    ...given("observed"),
    ...given("expected"),
    ...given("low"),
    ...given("high"),
    ...given("score"),
    historical: row.historical,
  };
}
