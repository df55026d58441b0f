import { EcapError } from "../errors/ecap-error.ts";
import { deadLetterSpec, deadLetterTopic, defaultRetentionMs } from "../events/topics.ts";
import type { TopicSpec } from "../ports/event-log.ts";

/** Settings of topics by name, dead letters (`<topic>.dlq`) among them; what is left out stays as it is declared. `Infinity` keeps everything. */
export type TopicSettings = Readonly<Record<string, Partial<TopicSpec>>>;

export interface TopicPlan {
  /** The topics, each with its retention. */
  readonly topics: Readonly<Record<string, TopicSpec>>;
  /** Their dead letters. */
  readonly deadLetters: Readonly<Record<string, TopicSpec>>;
}

/** What is declared, with the default retention where none is, under the deployment's settings; ECAP_CONFIG_INVALID of a topic there is not. */
export function planTopics(
  declared: Readonly<Record<string, TopicSpec>>,
  settings: TopicSettings = {},
): TopicPlan {
  const names = Object.keys(declared);
  const known = new Set([...names, ...names.map(deadLetterTopic)]);
  const unknown = Object.keys(settings).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      `topics: there is no topic "${unknown}" to set anything of`,
      { path: `topics.${unknown}` },
    );
  const specOf = (name: string, spec: TopicSpec): TopicSpec =>
    bounded(name, { ...spec, ...settings[name] });
  return {
    topics: Object.fromEntries(
      names.map((name) => [
        name,
        specOf(name, { retentionMs: defaultRetentionMs, ...(declared[name] as TopicSpec) }),
      ]),
    ),
    deadLetters: Object.fromEntries(
      names.map(deadLetterTopic).map((name) => [name, specOf(name, deadLetterSpec)]),
    ),
  };
}

/** Without the limits that are none; ECAP_CONFIG_INVALID where one is no number above 0. */
function bounded(topic: string, { partitions, retentionMs, retentionBytes }: TopicSpec): TopicSpec {
  for (const [name, limit] of Object.entries({ retentionMs, retentionBytes })) {
    if (limit === undefined || limit > 0) continue;
    throw new EcapError("ECAP_CONFIG_INVALID", `topics: ${name} of "${topic}" must be above 0`, {
      path: `topics.${topic}.${name}`,
      received: limit,
    });
  }
  return {
    partitions,
    ...(isLimit(retentionMs) && { retentionMs }),
    ...(isLimit(retentionBytes) && { retentionBytes }),
  };
}

function isLimit(limit: number | undefined): limit is number {
  return limit !== undefined && Number.isFinite(limit);
}
