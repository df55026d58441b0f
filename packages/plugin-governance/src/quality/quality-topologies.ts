import {
  createSchemaRegistry,
  type EventEnvelope,
  type EventLog,
  type Job,
  type PlatformInspection,
  type QualityRule,
} from "@ecap/sdk";
import { type TableReader, type Topology, tableReader, topology } from "@ecap/sdk/streams";
import type { SchemaProblem } from "./compile-rule.ts";
import { judgeStep } from "./judge-step.ts";
import { measureStep } from "./measure-step.ts";
import { encodePart, partsTopic, partsTopicSpec } from "./part.ts";
import type { QualityContext } from "./quality-context.ts";
import type { QualityOptions } from "./quality-options.ts";

/** The rules that are watched: those of the plugins and of the options. */
export function watchedRules(
  { qualityRules }: Pick<PlatformInspection, "qualityRules">,
  { rules, without }: QualityOptions,
): readonly QualityRule[] {
  const byName = new Map<string, QualityRule>();
  for (const rule of [...qualityRules, ...rules]) byName.set(rule.name, rule);
  return [...byName.values()].filter(({ name }) => !without.includes(name));
}

/**
 * Two topologies. `quality` looks at each event and tells, a batch at a time, what it came to; `quality-judge` adds that up, in one place, and
 * says what rules, profiles and series come to. None where there is nothing to watch.
 */
export function qualityTopologies(
  ctx: QualityContext,
  options: QualityOptions,
): readonly Topology[] {
  const platform = ctx.inspect();
  const rules = watchedRules(platform, options).filter(({ topic }) => topic in platform.topics);
  const metrics = options.metrics.filter(({ topic }) => topic in platform.topics);
  const watched = new Set(rules.map(({ topic }) => topic));
  const topics = [...new Set([...watched, ...metrics.map(({ topic }) => topic)])];
  if (topics.length === 0) return [];
  const { categoryFields } = platform;
  const measured = topology("quality")
    .from({ topics })
    .process(
      measureStep({
        rules,
        metrics,
        topics: watched,
        categoryFields,
        profileEvery: options.profileEvery,
        schemaProblem: lazily(() => schemaProblemOf(platform)),
        now: () => ctx.clock.now(),
      }),
    );
  const { volumeBucketMs, threshold } = options;
  const judged = topology("quality-judge")
    .from({ topics: [partsTopic] })
    .process(
      judgeStep({
        rules,
        metrics,
        volumeBucketMs,
        threshold,
        categoryFields,
        known: keysKnown(ctx),
      }),
    );
  return [{ ...measured, intermediate: { [partsTopic]: partsTopicSpec } }, judged];
}

/** Tells the judge the time, so that it notices what does not come. */
export function qualityClockJob(ctx: QualityContext): Job {
  return {
    name: "quality-clock",
    schedule: { everyMs: 60_000 },
    async run() {
      await tellTime(ctx.port("eventLog"), ctx.clock.now());
    },
  };
}

export async function tellTime(
  eventLog: Pick<EventLog, "createTopic" | "append">,
  now: number,
): Promise<void> {
  await eventLog.createTopic(partsTopic, partsTopicSpec);
  const id = `clock-${now}`;
  await eventLog.append(partsTopic, [encodePart({ at: now }, { id, tenant: "default" })]);
}

/** The compiled validators of the door, which load a library. */
async function schemaProblemOf({
  events,
}: Pick<PlatformInspection, "events">): Promise<SchemaProblem> {
  const { createValidators } = await import("@ecap/sdk/collector");
  const registry = createSchemaRegistry();
  for (const event of events) registry.register(event, { compatibility: "none" });
  const validators = createValidators(registry);
  return ({ type, data }: EventEnvelope) => {
    const definition = registry.get(type);
    if (definition === undefined) return undefined;
    return validators.check(definition, data)?.path;
  };
}

/** Reads tables that topologies keep. What was not there a moment ago may be now, so nothing is held for long. */
function keysKnown(ctx: QualityContext): Parameters<typeof judgeStep>[0]["known"] {
  const readers = new Map<string, TableReader>();
  return async (tenant, table, keys) => {
    const reader =
      readers.get(table) ??
      tableReader(
        { table, maxAgeMs: 1_000, maxRows: 20_000 },
        {
          eventLog: ctx.port("eventLog"),
          stateStore: ctx.port("stateStore"),
          now: () => ctx.clock.now(),
        },
      );
    readers.set(table, reader);
    const rows = await reader.get(keys.map((key) => ({ tenant, key })));
    // A row that was removed is there, with nothing in it.
    return new Set(keys.filter((_, i) => (rows[i]?.[1][0]?.[1] ?? null) !== null));
  };
}

function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
