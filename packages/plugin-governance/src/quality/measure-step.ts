import { hash } from "node:crypto";
import type { EventEnvelope, QualityRule } from "@ecap/sdk";
import type { ProcessStep } from "@ecap/sdk/streams";
import { type CompiledRule, compileRule, fieldOf, type SchemaProblem } from "./compile-rule.ts";
import { isMissing, isScalar } from "./field-path.ts";
import { type MetricSeries, type Point, pointReader } from "./metric-series.ts";
import { encodePart, type Part, partsTopic } from "./part.ts";
import {
  countEvents,
  emptyReport,
  fail,
  made,
  type Report,
  saveReport,
  type Tally,
  tallyOf,
  wait,
} from "./report.ts";
import { TypeProfile } from "./type-profile.ts";

export interface MeasureOptions {
  readonly rules: readonly QualityRule[];
  readonly metrics: readonly MetricSeries[];
  /** Topics whose events are counted, with or without rules. */
  readonly topics: ReadonlySet<string>;
  readonly categoryFields: Readonly<Record<string, readonly string[]>>;
  /** Each so manyth event of a partition is looked into for the profiles; 0: none is. */
  readonly profileEvery: number;
  /** Made on first use. */
  readonly schemaProblem: () => Promise<SchemaProblem>;
  readonly now: () => number;
}

const minuteMs = 60_000;
/** Events of a batch that profiles look into. */
const maxProfiled = 200;
const maxProfiledTypes = 100;
const maxValueLength = 256;

/** The rules of a topic: those of named types, and those of every other type. */
interface TopicRules {
  readonly ofType: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly ofOthers: readonly CompiledRule[];
}

/** Events of one topic, tenant and minute of arrival. */
interface Group {
  readonly tenant: string;
  readonly minute: number;
  newest: number;
  readonly report: Report;
  /** Where a rule counts, found once. */
  readonly tallies: Map<CompiledRule, Tally>;
}

interface TenantParts {
  readonly groups: Group[];
  readonly profiles: Map<string, { readonly minute: number; readonly profile: TypeProfile }>;
  readonly points: Map<string, [string, string, number, number, number]>;
}

/**
 * Looks at every event once and emits what a batch came to: one small record a tenant and batch, so that judging costs next to nothing an
 * event. Keeps no state.
 */
export function measureStep(options: MeasureOptions): ProcessStep {
  const { topics, profileEvery, now } = options;
  const rules = new Map([...topics].map((topic) => [topic, rulesOf(options.rules, topic)]));
  const pointsOf = pointReader(options.metrics);
  const categories = new Map(
    Object.entries(options.categoryFields).map(([topic, fields]) => [topic, new Set(fields)]),
  );

  return async (events, { topic, emit, derivedId }) => {
    const topicRules = rules.get(topic);
    const needsSchemas =
      topicRules !== undefined &&
      [topicRules.ofOthers, ...topicRules.ofType.values()].flat().some(isSchema);
    const problemOf = needsSchemas ? await options.schemaProblem() : noProblem;
    const tenants = new Map<string, TenantParts>();
    let group: Group | undefined;
    let profiled = 0;

    const partsOf = (tenant: string): TenantParts =>
      made(tenants, tenant, () => ({ groups: [], profiles: new Map(), points: new Map() }));

    for (const event of events) {
      for (const point of pointsOf(topic, event)) addPoint(partsOf(event.tenant).points, point);
      if (topicRules === undefined) continue;
      const { type } = event;
      const minute = Math.floor(event.receivedAt / minuteMs) * minuteMs;
      if (group === undefined || group.minute !== minute || group.tenant !== event.tenant) {
        group = groupOf(partsOf(event.tenant).groups, event.tenant, minute);
      }
      if (event.receivedAt > group.newest) group.newest = event.receivedAt;
      countEvents(group.report, type);
      for (const rule of topicRules.ofType.get(type) ?? topicRules.ofOthers) {
        ask(rule, event, group, problemOf);
      }
      const offset = event.sequence?.offset ?? 0;
      if (profileEvery > 0 && offset % profileEvery === 0 && profiled < maxProfiled) {
        profiled += 1;
        const { profiles } = partsOf(event.tenant);
        if (!profiles.has(type) && profiles.size >= maxProfiledTypes) continue;
        const profile = () => new TypeProfile(categories.get(topic));
        made(profiles, type, () => ({ minute, profile: profile() })).profile.add(event);
      }
    }

    const parent = events.at(-1)?.id ?? "";
    let position = 0;
    for (const [tenant, { groups, profiles, points }] of tenants) {
      const part: Part = {
        at: now(),
        reports: groups.map(({ minute, newest, report }) => ({
          topic,
          minute,
          newest,
          report: saveReport(report),
        })),
        profiles: [...profiles].map(([type, { minute, profile }]) => ({
          topic,
          type,
          minute,
          profile: profile.save(),
        })),
        points: [...points.values()],
      };
      emit(partsTopic, encodePart(part, { id: derivedId(parent, position), tenant }));
      position += 1;
    }
  };
}

function ask(
  rule: CompiledRule,
  event: EventEnvelope,
  group: Group,
  problemOf: SchemaProblem,
): void {
  const { report, tallies } = group;
  if (rule.kind === "deferred") return defer(rule, event, report);
  let tally = tallies.get(rule);
  if (tally === undefined) {
    tally = tallyOf(report, rule.rule.name, fieldOf(rule.rule));
    tallies.set(rule, tally);
  }
  switch (rule.kind) {
    case "value": {
      const held = tally;
      rule.read(event, (value) => {
        if (!rule.takesMissing && isMissing(value)) return;
        held.checked += 1;
        if (!rule.passes(value)) fail(held, event.id);
      });
      return;
    }
    case "event":
      tally.checked += 1;
      if (!rule.passes(event)) fail(tally, event.id);
      return;
    case "schema": {
      const path = problemOf(event);
      tally.checked += 1;
      if (path === undefined) return;
      fail(tally, event.id);
      // What is wrong is told apart by field; the whole is counted above.
      if (path !== "") fail(tallyOf(report, rule.rule.name, path), event.id);
      return;
    }
    default:
      rule satisfies never;
  }
}

function defer(
  { rule, read }: CompiledRule & { kind: "deferred" },
  event: EventEnvelope,
  report: Report,
): void {
  read(event, (value) => {
    if (isMissing(value) || !isScalar(value)) return;
    const isUnique = rule.check.kind === "uniqueness";
    const text = isUnique ? hash("sha256", String(value)) : String(value).slice(0, maxValueLength);
    const held = report.waiting.get(rule.name)?.get(text);
    // A record that came twice is one event.
    if (isUnique && held?.examples.includes(event.id) === true) return;
    wait(report, rule.name, text, { count: 1, examples: [event.id] });
  });
}

function rulesOf(rules: readonly QualityRule[], topic: string): TopicRules {
  const compiled = rules
    .filter((rule) => rule.topic === topic)
    .flatMap((rule) => compileRule(rule) ?? []);
  const types = new Set(compiled.flatMap(({ rule }) => rule.types ?? []));
  const of = (type: string | undefined): readonly CompiledRule[] =>
    compiled.filter(({ rule }) =>
      type === undefined ? rule.types === undefined : rule.types?.includes(type) !== false,
    );
  return { ofType: new Map([...types].map((type) => [type, of(type)])), ofOthers: of(undefined) };
}

function groupOf(groups: Group[], tenant: string, minute: number): Group {
  const held = groups.find((group) => group.minute === minute);
  if (held !== undefined) return held;
  const group = { tenant, minute, newest: 0, report: emptyReport(), tallies: new Map() };
  groups.push(group);
  return group;
}

function addPoint(
  points: TenantParts["points"],
  { series, metric, bucket, value, isOver }: Point,
): void {
  const empty = (): [string, string, number, number, number] => [series, metric, bucket, 0, 0];
  const held = made(points, `${series} ${bucket}`, empty);
  if (isOver) held[4] += value;
  else held[3] += value;
}

function isSchema({ kind }: CompiledRule): boolean {
  return kind === "schema";
}

function noProblem(): undefined {
  return undefined;
}
