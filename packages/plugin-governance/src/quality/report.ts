/** How often a rule was asked of a field, and how often the answer was no; with the ids of some events of which it was. */
export interface Tally {
  checked: number;
  failed: number;
  examples: readonly string[];
}

/** A value whose check comes later: how many events had it, and the ids of the first of them. */
export interface Waiting {
  count: number;
  examples: readonly string[];
}

/** What the events of one topic, tenant and minute of arrival came to. Two of them add up. */
export interface Report {
  events: number;
  /** Events by type. */
  readonly types: Map<string, number>;
  /** By rule, then field. */
  readonly rules: Map<string, Map<string, Tally>>;
  /** Values of deferred checks, by rule. */
  readonly waiting: Map<string, Map<string, Waiting>>;
}

/** Plain JSON. Lists, for the names of fields and types are the senders', and an object has names of its own. */
export type SavedReport = readonly [
  events: number,
  types: ReadonlyArray<[string, number]>,
  rules: ReadonlyArray<[string, ReadonlyArray<[string, number, number, readonly string[]]>]>,
  waiting: ReadonlyArray<[string, ReadonlyArray<[string, number, readonly string[]]>]>,
];

/** Ids of events kept for a rule and minute. */
const maxExamples = 3;
/** Types and fields told apart; more are counted together. */
const maxTypes = 200;
const maxFields = 50;
/** Values of a rule that wait at a time. */
const maxWaiting = 2_000;
const other = "(other)";

export function emptyReport(): Report {
  return { events: 0, types: new Map(), rules: new Map(), waiting: new Map() };
}

export function countEvents(report: Report, type: string, times = 1): void {
  report.events += times;
  const name = nameIn(report.types, type, maxTypes);
  report.types.set(name, (report.types.get(name) ?? 0) + times);
}

/** The tally to add to. */
export function tallyOf(report: Report, rule: string, field: string): Tally {
  const fields = made(report.rules, rule, () => new Map<string, Tally>());
  return made(fields, nameIn(fields, field, maxFields), () => ({
    checked: 0,
    failed: 0,
    examples: [],
  }));
}

export function fail(tally: Tally, example: string, times = 1): void {
  tally.failed += times;
  if (tally.examples.length < maxExamples) tally.examples = [...tally.examples, example];
}

/** Lets a value wait; one that finds no place is not checked. */
export function wait(report: Report, rule: string, value: string, waiting: Waiting): void {
  const values = made(report.waiting, rule, () => new Map<string, Waiting>());
  const held = values.get(value);
  if (held !== undefined) {
    held.count += waiting.count;
    if (held.examples.length < maxExamples) held.examples = joined(held, waiting);
  } else if (values.size < maxWaiting) values.set(value, { ...waiting });
}

export function addReport(into: Report, from: Report): void {
  for (const [type, events] of from.types) countEvents(into, type, events);
  for (const [rule, fields] of from.rules) {
    for (const [field, tally] of fields) {
      const held = tallyOf(into, rule, field);
      held.checked += tally.checked;
      held.failed += tally.failed;
      held.examples = joined(held, tally);
    }
  }
  for (const [rule, values] of from.waiting) {
    for (const [value, waiting] of values) wait(into, rule, value, waiting);
  }
}

export function saveReport({ events, types, rules, waiting }: Report): SavedReport {
  return [
    events,
    [...types],
    [...rules].map(([rule, fields]) => [
      rule,
      [...fields].map(([field, { checked, failed, examples }]) => [
        field,
        checked,
        failed,
        examples,
      ]),
    ]),
    [...waiting].map(([rule, values]) => [
      rule,
      [...values].map(([value, { count, examples }]) => [value, count, examples]),
    ]),
  ];
}

export function loadReport([events, types, rules, waiting]: SavedReport): Report {
  return {
    events,
    types: new Map(types),
    rules: new Map(
      rules.map(([rule, fields]) => [
        rule,
        new Map(
          fields.map(([field, checked, failed, examples]) => [
            field,
            { checked, failed, examples },
          ]),
        ),
      ]),
    ),
    waiting: new Map(
      waiting.map(([rule, values]) => [
        rule,
        new Map(values.map(([value, count, examples]) => [value, { count, examples }])),
      ]),
    ),
  };
}

export function made<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const held = map.get(key);
  if (held !== undefined) return held;
  const value = make();
  map.set(key, value);
  return value;
}

function joined(
  one: { readonly examples: readonly string[] },
  two: { readonly examples: readonly string[] },
): readonly string[] {
  return [...new Set([...one.examples, ...two.examples])].slice(0, maxExamples);
}

function nameIn(held: ReadonlyMap<string, unknown>, name: string, most: number): string {
  return held.has(name) || held.size < most ? name : other;
}
