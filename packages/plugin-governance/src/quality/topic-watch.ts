import type { QualityRule } from "@ecap/sdk";
import type { Outbox } from "./outbox.ts";
import { type Alert, qualityMeasured } from "./quality-events.ts";
import {
  addReport,
  fail,
  loadReport,
  type Report,
  type SavedReport,
  saveReport,
  tallyOf,
} from "./report.ts";

const minuteMs = 60_000;
/** How long after its end, and after the last news of it, a minute is over. */
export const quietMs = 10_000;
/** Minutes that a rule's share is taken over. */
const shareMinutes = 15;
const keptMinutes = 60;
/** Past it the oldest are over early. */
const maxOpenMinutes = 3_000;
/** A rule is broken by so many events at least, unless it bears none at all. */
const leastFailed = 3;

/** What is known of a tenant's topic. Plain JSON. */
export interface TopicState {
  /** First and newest arrival. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Minutes that are not over. */
  readonly open: ReadonlyArray<readonly [minute: number, touchedAt: number, report: SavedReport]>;
  /** By rule, minutes that are over. */
  readonly shares: Readonly<Record<string, ReadonlyArray<readonly [number, number, number]>>>;
  /** Events by minute, of those that are over. */
  readonly volumes: ReadonlyArray<readonly [minute: number, events: number]>;
  /** Open alerts by rule. */
  readonly alerts: Readonly<Record<string, Alert>>;
  /** Rules whose table has a row that was referred to. */
  readonly found: readonly string[];
}

/** Adds news of a minute. */
export function addMinute(
  state: TopicState | undefined,
  news: { readonly minute: number; readonly newest: number; readonly report: Report },
  now: number,
): TopicState {
  const { minute, newest, report } = news;
  const held = state?.open.find(([at]) => at === minute);
  const sum = held === undefined ? report : loadReport(held[2]);
  if (held !== undefined) addReport(sum, report);
  const others = (state?.open ?? []).filter(([at]) => at !== minute);
  const open = [...others, [minute, now, saveReport(sum)] as const];
  return {
    shares: {},
    volumes: [],
    alerts: {},
    found: [],
    ...state,
    firstAt: Math.min(state?.firstAt ?? newest, newest),
    lastAt: Math.max(state?.lastAt ?? newest, newest),
    open: open.toSorted(([a], [b]) => a - b),
  };
}

export interface TopicContext {
  readonly tenant: string;
  readonly topic: string;
  readonly rules: readonly QualityRule[];
  readonly now: number;
  readonly outbox: Outbox;
  /** Which of the keys have a row in the table. */
  readonly known: (table: string, keys: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** Says what is over, and raises and resolves the alerts of rules. The same state where nothing changed. */
export async function watchTopic(state: TopicState, context: TopicContext): Promise<TopicState> {
  let next = state;
  const overdue = state.open.length - maxOpenMinutes;
  for (const [i, [minute, touchedAt, report]] of state.open.entries()) {
    const end = Math.max(minute + minuteMs, touchedAt);
    if (context.now < end + quietMs && i >= overdue) continue;
    next = await closeMinute(next, minute, loadReport(report), context);
  }
  return judge(next, context);
}

async function closeMinute(
  state: TopicState,
  minute: number,
  report: Report,
  context: TopicContext,
): Promise<TopicState> {
  const { tenant, topic, rules, outbox } = context;
  const found = await lookUp(report, state.found, context);
  const levels = new Map(rules.map(({ name, level }) => [name, level]));
  const results = [...report.rules].flatMap(([rule, fields]) => {
    const level = levels.get(rule);
    if (level === undefined) return [];
    return [...fields].map(([field, tally]) => ({ rule, level, field, ...tally }));
  });
  outbox.emit(qualityMeasured, tenant, {
    topic,
    minute,
    events: report.events,
    types: [...report.types].map(([type, events]) => ({ type, events })),
    results: results.filter(({ checked, failed }) => checked + failed > 0),
  });
  const shares = { ...state.shares };
  for (const { rule, checked, failed } of results) {
    if (checked + failed === 0) continue;
    const minutes = shares[rule] ?? [];
    const held = minutes.find(([at]) => at === minute) ?? [minute, 0, 0];
    // Fields of a schema are counted as failed only; the whole event is among them once.
    const sum = [minute, held[1] + checked, held[2] + (checked > 0 ? failed : 0)] as const;
    shares[rule] = [...minutes.filter(([at]) => at !== minute), sum].slice(-keptMinutes);
  }
  const before = state.volumes.find(([at]) => at === minute)?.[1] ?? 0;
  const volumes = [
    ...state.volumes.filter(([at]) => at !== minute),
    [minute, before + report.events] as const,
  ];
  return {
    ...state,
    open: state.open.filter(([at]) => at !== minute),
    shares,
    volumes: volumes.slice(-keptMinutes),
    found,
  };
}

/** Asks the tables for values that are waiting, and counts. Returns the rules whose table is known to be filled. */
async function lookUp(
  report: Report,
  found: readonly string[],
  { rules, known }: TopicContext,
): Promise<readonly string[]> {
  const filled = new Set(found);
  for (const { name, check } of rules) {
    const waiting = report.waiting.get(name);
    if (check.kind !== "reference" || waiting === undefined) continue;
    const there = await known(check.table, [...waiting.keys()]);
    if (there.size > 0) filled.add(name);
    if (!filled.has(name)) continue;
    const tally = tallyOf(report, name, check.field);
    for (const [value, { count, examples }] of waiting) {
      tally.checked += count;
      if (!there.has(value)) fail(tally, examples[0] ?? "", count);
    }
  }
  return [...filled];
}

/** What a rule finds wrong at this moment, or undefined. */
type Finding = Pick<Alert, "kind" | "message" | "since" | "observed" | "expected" | "low" | "high">;

interface Judgement {
  readonly finding?: Finding | undefined;
  /** Why an open alert ends; absent: it goes on. */
  readonly over?: "recovered" | "no_data" | undefined;
}

function judge(state: TopicState, context: TopicContext): TopicState {
  const { tenant, topic, rules, now, outbox } = context;
  const alerts: Record<string, Alert> = { ...state.alerts };
  let isChanged = false;
  for (const rule of rules) {
    const { finding, over } = judgeRule(rule, state, now);
    const open = alerts[rule.name];
    if (open === undefined && finding !== undefined) {
      isChanged = true;
      alerts[rule.name] = outbox.raise(tenant, {
        name: rule.name,
        topic,
        severity: rule.level === "fail" ? "critical" : "warning",
        ...finding,
      });
    } else if (open !== undefined && over !== undefined) {
      isChanged = true;
      outbox.resolve(tenant, open, { until: now, reason: over });
      delete alerts[rule.name];
    }
  }
  // A rule that is no more has nothing to say.
  for (const [name, open] of Object.entries(alerts)) {
    if (rules.some((rule) => rule.name === name)) continue;
    isChanged = true;
    outbox.resolve(tenant, open, { until: now, reason: "no_data" });
    delete alerts[name];
  }
  return isChanged ? { ...state, alerts } : state;
}

function judgeRule(rule: QualityRule, state: TopicState, now: number): Judgement {
  const { check } = rule;
  if (check.kind === "silence") return judgeSilence(rule, check.maxMs, state, now);
  if (check.kind === "volume") return judgeVolume(rule, check, state, now);
  return judgeShare(rule, state, now);
}

function judgeShare(
  { name, description, level, minShare = level === "fail" ? 0.99 : 0.9 }: QualityRule,
  state: TopicState,
  now: number,
): Judgement {
  const minutes = (state.shares[name] ?? []).filter(([at]) => at >= now - shareMinutes * minuteMs);
  const checked = minutes.reduce((sum, [, asked]) => sum + asked, 0);
  const failed = minutes.reduce((sum, [, , no]) => sum + no, 0);
  if (checked === 0) return { over: "no_data" };
  const share = failed / checked;
  const allowed = 1 - minShare;
  const least = allowed === 0 ? 1 : leastFailed;
  if (share <= allowed / 2) return { over: "recovered" };
  if (share <= allowed || failed < least) return {};
  const since = minutes.find(([, , no]) => no > 0)?.[0] ?? now;
  const message = `${description}: not so for ${failed} of ${checked} in a quarter of an hour`;
  return { finding: { kind: "rule", message, since, observed: share, high: allowed } };
}

function judgeSilence(
  { description }: QualityRule,
  maxMs: number,
  { lastAt }: TopicState,
  now: number,
): Judgement {
  const silent = now - lastAt;
  if (silent <= maxMs) return { over: "recovered" };
  const message = `${description}: nothing came for ${Math.round(silent / minuteMs)} minutes`;
  return { finding: { kind: "silence", message, since: lastAt, observed: silent, high: maxMs } };
}

function judgeVolume(
  { description }: QualityRule,
  check: QualityRule["check"] & { kind: "volume" },
  { volumes, firstAt }: TopicState,
  now: number,
): Judgement {
  const { minPerMinute = 0, maxPerMinute = Infinity, overMinutes = 5 } = check;
  const end = Math.floor((now - quietMs) / minuteMs) * minuteMs;
  const begin = end - overMinutes * minuteMs;
  if (firstAt > begin) return {};
  const events = volumes.reduce(
    (sum, [at, count]) => sum + (at >= begin && at < end ? count : 0),
    0,
  );
  const observed = events / overMinutes;
  if (observed >= minPerMinute && observed <= maxPerMinute) return { over: "recovered" };
  const message = `${description}: ${observed.toFixed(1)} events a minute came`;
  const bounds = {
    ...(minPerMinute > 0 && { low: minPerMinute }),
    ...(Number.isFinite(maxPerMinute) && { high: maxPerMinute }),
  };
  return { finding: { kind: "volume", message, since: begin, observed, ...bounds } };
}
