import type { EventEnvelope, QualityRule } from "@ecap/sdk";
import type { ProcessContext, ProcessStep } from "@ecap/sdk/streams";
import { type JsonState, jsonState } from "./json-state.ts";
import type { MetricSeries } from "./metric-series.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { type Part, partOf } from "./part.ts";
import { qualityProfiled } from "./quality-events.ts";
import { addReport, emptyReport, loadReport, made, type Report } from "./report.ts";
import {
  addPoint,
  emptySeries,
  type SeriesSettings,
  type SeriesState,
  watchSeries,
} from "./series-watch.ts";
import { addMinute, quietMs, type TopicState, watchTopic } from "./topic-watch.ts";
import { type SavedProfile, TypeProfile } from "./type-profile.ts";
import { checkUnique } from "./uniqueness.ts";

export interface JudgeOptions {
  readonly rules: readonly QualityRule[];
  readonly metrics: readonly MetricSeries[];
  /** Bucket of the series of events by topic. */
  readonly volumeBucketMs: number;
  /** Scales from the forecast that raise an alert; 0: series are not watched. */
  readonly threshold: number;
  readonly categoryFields: Readonly<Record<string, readonly string[]>>;
  readonly known: (
    tenant: string,
    table: string,
    keys: readonly string[],
  ) => Promise<ReadonlySet<string>>;
}

/** What there is to look after. Plain JSON. */
interface Roster {
  /** The newest time a part told. */
  clock: number;
  /** When it was last looked after what time brings. */
  watchedAt: number;
  topics: Array<[tenant: string, topic: string]>;
  series: Array<[tenant: string, name: string, metric: string]>;
  profiles: Array<
    [tenant: string, topic: string, type: string, hour: number, touchedAt: number, toldAt: number]
  >;
}

const rosterKey = "roster";
/** Time is looked at this often, by the clock of the parts. */
const watchEveryMs = 5_000;
/** While an hour goes on its profile is told this often. */
const tellEveryMs = 60_000;
const hourMs = 3_600_000;
/** Topics, series and profiled types over all tenants; what comes beyond is not looked after. */
const maxRoster = 2_000;
/** News of windows come in this long after their end, at the latest. */
const metricQuietMs = 150_000;
/** Begins the names of the series of events by topic. */
export const volumeSeries = "volume";

/**
 * Judges what parts tell: adds up minutes, hours and buckets, and when one is over says what it came to and whether that raises an alert. Time
 * is what the parts say it is; a part without anything but the time comes every minute.
 */
export function judgeStep(options: JudgeOptions): ProcessStep {
  return async (events, context) => {
    const parts = events.flatMap((event) => {
      const part = partOf(event);
      return part === undefined ? [] : [{ event, part }];
    });
    const state = jsonState(context);
    await state.load([rosterKey]);
    const roster = (structuredClone(state.get(rosterKey)) as Roster | undefined) ?? emptyRoster();
    for (const { part } of parts) roster.clock = Math.max(roster.clock, part.at);
    const news = await sumUp(parts, options, context);
    await take(news, { options, state, roster });
    if (roster.clock - roster.watchedAt >= watchEveryMs) {
      roster.watchedAt = roster.clock;
      const parent = events.at(-1)?.id ?? "";
      const outbox = createOutbox(context, { parent, now: roster.clock });
      await watch({ options, state, roster, outbox });
    }
    state.set(rosterKey, roster);
    state.stage();
  };
}

function emptyRoster(): Roster {
  return { clock: 0, watchedAt: 0, topics: [], series: [], profiles: [] };
}

interface Hands {
  readonly options: JudgeOptions;
  readonly state: JsonState;
  readonly roster: Roster;
}

/** What a batch of parts comes to: each of what is stored is changed once a batch, however many parts tell of it. */
interface News {
  readonly minutes: Map<
    string,
    {
      readonly tenant: string;
      readonly topic: string;
      readonly minute: number;
      newest: number;
      readonly report: Report;
    }
  >;
  readonly profiles: Map<
    string,
    {
      readonly tenant: string;
      readonly topic: string;
      readonly type: string;
      readonly hour: number;
      readonly profile: TypeProfile;
    }
  >;
  readonly points: Map<
    string,
    {
      readonly tenant: string;
      readonly name: string;
      readonly metric: string;
      readonly bucket: number;
      value: number;
      over: number;
    }
  >;
}

async function sumUp(
  parts: ReadonlyArray<{ readonly event: EventEnvelope; readonly part: Part }>,
  { rules, volumeBucketMs, threshold, categoryFields }: JudgeOptions,
  context: ProcessContext,
): Promise<News> {
  const news: News = { minutes: new Map(), profiles: new Map(), points: new Map() };
  for (const { event, part } of parts) {
    const { tenant } = event;
    const { at, reports = [], profiles = [], points = [] } = part;
    const addPoints = (
      name: string,
      metric: string,
      { bucket, value, over }: { bucket: number; value: number; over: number },
    ): void => {
      const empty = () => ({ tenant, name, metric, bucket, value: 0, over: 0 });
      const sum = made(news.points, JSON.stringify([tenant, name, bucket]), empty);
      sum.value += value;
      sum.over += over;
    };
    for (const { topic, minute, newest, report: saved } of reports) {
      const report = loadReport(saved);
      const own = rules.filter((rule) => rule.topic === topic);
      await checkUnique(report, { tenant, rules: own, now: at, state: context });
      const empty = () => ({ tenant, topic, minute, newest, report: emptyReport() });
      const sum = made(news.minutes, JSON.stringify([tenant, topic, minute]), empty);
      sum.newest = Math.max(sum.newest, newest);
      addReport(sum.report, report);
      if (threshold === 0) continue;
      const bucket = Math.floor(minute / volumeBucketMs) * volumeBucketMs;
      addPoints(`${volumeSeries}/${topic}`, volumeSeries, {
        bucket,
        value: report.events,
        over: 0,
      });
    }
    for (const { topic, type, minute, profile: saved } of profiles) {
      const hour = Math.floor(minute / hourMs) * hourMs;
      const categories = new Set(categoryFields[topic]);
      const empty = () => ({ tenant, topic, type, hour, profile: new TypeProfile(categories) });
      const sum = made(news.profiles, profileKey([tenant, topic, type, hour]), empty);
      sum.profile.merge(TypeProfile.load(saved, categories));
    }
    for (const [name, metric, bucket, value, over] of threshold === 0 ? [] : points) {
      addPoints(name, metric, { bucket, value, over });
    }
  }
  return news;
}

async function take({ minutes, profiles, points }: News, hands: Hands): Promise<void> {
  const { options, state, roster } = hands;
  const now = roster.clock;
  await state.load([
    ...[...minutes.values()].map(({ tenant, topic }) => topicKey(tenant, topic)),
    ...[...points.values()].map(({ tenant, name }) => seriesKey(tenant, name)),
    ...profiles.keys(),
  ]);
  for (const { tenant, topic, ...news } of minutes.values()) {
    if (!enrolled(roster.topics, [tenant, topic])) continue;
    const key = topicKey(tenant, topic);
    state.set(key, addMinute(state.get(key) as TopicState | undefined, news, now));
  }
  for (const { tenant, name, metric, ...point } of points.values()) {
    if (!enrolled(roster.series, [tenant, name, metric])) continue;
    const key = seriesKey(tenant, name);
    const held = (state.get(key) as SeriesState | undefined) ?? emptySeries(metric);
    state.set(key, addPoint(held, point, now));
  }
  for (const [key, { tenant, topic, type, hour, profile }] of profiles) {
    const entry = roster.profiles.find((each) => profileKey(each) === key);
    if (entry !== undefined) entry[4] = now;
    else if (roster.profiles.length >= maxRoster) continue;
    else roster.profiles.push([tenant, topic, type, hour, now, 0]);
    const saved = state.get(key) as SavedProfile | undefined;
    const held = saved && TypeProfile.load(saved, new Set(options.categoryFields[topic]));
    held?.merge(profile);
    state.set(key, (held ?? profile).save());
  }
}

/** Whether the entry is looked after; from now on, where there is place. */
function enrolled<Entry extends readonly string[]>(entries: Entry[], entry: Entry): boolean {
  if (entries.some((each) => each.every((part, i) => part === entry[i]))) return true;
  if (entries.length >= maxRoster) return false;
  entries.push(entry);
  return true;
}

async function watch(hands: Hands & { readonly outbox: Outbox }): Promise<void> {
  const { options, state, roster, outbox } = hands;
  const now = roster.clock;
  await state.load([
    ...roster.topics.map(([tenant, topic]) => topicKey(tenant, topic)),
    ...roster.series.map(([tenant, name]) => seriesKey(tenant, name)),
  ]);
  for (const [tenant, topic] of roster.topics) {
    const key = topicKey(tenant, topic);
    const held = state.get(key) as TopicState | undefined;
    if (held === undefined) continue;
    const rules = options.rules.filter((rule) => rule.topic === topic);
    const known: Parameters<typeof watchTopic>[1]["known"] = (table, keys) =>
      options.known(tenant, table, keys);
    const next = await watchTopic(held, { tenant, topic, rules, now, outbox, known });
    if (next !== held) state.set(key, next);
  }
  for (const [tenant, name, metric] of roster.series) {
    const key = seriesKey(tenant, name);
    const held = state.get(key) as SeriesState | undefined;
    const settings = settingsOf(name, metric, options);
    if (held === undefined || settings === undefined) continue;
    const next = watchSeries(held, name, { tenant, settings, now, outbox });
    if (next !== held) state.set(key, next);
  }
  await tellProfiles(hands);
}

async function tellProfiles({
  options,
  state,
  roster,
  outbox,
}: Hands & { readonly outbox: Outbox }): Promise<void> {
  const now = roster.clock;
  const isOver = ([, , , hour, touchedAt]: Roster["profiles"][number]): boolean =>
    now >= Math.max(hour + hourMs, touchedAt) + quietMs;
  const due = roster.profiles.filter((entry) => {
    const [, , , , touchedAt, toldAt] = entry;
    return isOver(entry) || (touchedAt > toldAt && now - toldAt >= tellEveryMs);
  });
  await state.load(due.map(profileKey));
  for (const entry of due) {
    const [tenant, topic, type, hour] = entry;
    const key = profileKey(entry);
    const saved = state.get(key) as SavedProfile | undefined;
    if (saved !== undefined) {
      const profile = TypeProfile.load(saved, new Set(options.categoryFields[topic]));
      const { sampled } = profile;
      const final = isOver(entry);
      const data = { topic, type, hour, sampled, final, fields: profile.results() };
      outbox.emit(qualityProfiled, tenant, data);
    }
    entry[5] = now;
    if (isOver(entry)) state.set(key, undefined);
  }
  roster.profiles = roster.profiles.filter((entry) => !isOver(entry));
}

function settingsOf(
  name: string,
  metric: string,
  { metrics, volumeBucketMs, threshold }: JudgeOptions,
): SeriesSettings | undefined {
  if (metric === volumeSeries) {
    return {
      bucketMs: volumeBucketMs,
      unit: "count",
      threshold,
      missingIsZero: true,
      quietMs,
      topic: name.slice(volumeSeries.length + 1),
    };
  }
  const found = metrics.find((each) => each.name === metric);
  if (found === undefined) return undefined;
  const { bucketMs, unit, direction, leastChange, leastOver, topic, over } = found;
  return {
    bucketMs,
    unit,
    direction,
    leastChange,
    threshold,
    missingIsZero: unit !== "ratio",
    quietMs: metricQuietMs,
    topic,
    ...(over !== undefined && { leastOver }),
  };
}

function topicKey(tenant: string, topic: string): string {
  return `topic/${tenant}\n${topic}`;
}

function seriesKey(tenant: string, name: string): string {
  return `series/${tenant}\n${name}`;
}

function profileKey([tenant, topic, type, hour]: readonly [
  string,
  string,
  string,
  number,
  ...unknown[],
]): string {
  return `profile/${tenant}\n${topic}\n${type}\n${hour}`;
}
