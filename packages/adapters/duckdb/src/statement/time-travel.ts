import { EcapError } from "@ecap/sdk";

/** A table as a statement names it at a version or a time. */
export interface Travel {
  /** As it is named in the statement: `orders VERSION AS OF 3`. */
  readonly name: string;
  readonly table: string;
  readonly when: { readonly version: number } | { readonly at: number };
}

export interface TravelStatement {
  /** The statement with each such table as one quoted name. */
  readonly sql: string;
  readonly travels: readonly Travel[];
}

const text = /'(?:[^']|'')*'/;
const escaped = /\be'(?:\\[\s\S]|''|[^'\\])*'/;
const quoted = /"(?:[^"]|"")*"/;
// What is never closed goes on to the end, so that no text makes this look at it twice.
const comment = /--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$)/;
const dollars = /\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$)/;
const gap = `(?:\\s|${comment.source})+`;
const clause = `${gap}(?:FOR${gap})?(?<unit>VERSION|SYSTEM_VERSION|TIMESTAMP|SYSTEM_TIME)${gap}AS${gap}OF${gap}(?<value>${text.source}|[^\\s,();]+)`;
const tokens = new RegExp(
  `${escaped.source}|${text.source}|${comment.source}|${dollars.source}|(?<table>${quoted.source}|[\\p{L}_][\\p{L}\\p{N}_]*)(?:${clause})?`,
  "giu",
);

/**
 * Takes time travel as Spark and Databricks write it out of a statement: `orders VERSION AS OF 3`, `orders TIMESTAMP AS OF '2026-01-31'`.
 *
 * @see https://docs.databricks.com/en/delta/history.html#delta-lake-time-travel-syntax
 */
export function timeTravel(sql: string): TravelStatement {
  if (!/\bof\b/i.test(sql)) return { sql, travels: [] };
  const travels = new Map<string, Travel>();
  const rewritten = sql.replaceAll(tokens, (...match: readonly unknown[]) => {
    const { table, unit, value } = match.at(-1) as Readonly<Record<string, string | undefined>>;
    if (table === undefined || unit === undefined || value === undefined) return String(match[0]);
    const named = table.startsWith('"') ? table.slice(1, -1).replaceAll('""', '"') : table;
    const travel = /version/i.test(unit) ? atVersion(named, value) : atTime(named, value);
    travels.set(travel.name, travel);
    return `"${travel.name.replaceAll('"', '""')}"`;
  });
  return { sql: rewritten, travels: [...travels.values()] };
}

function atVersion(table: string, value: string): Travel {
  const version = Number(value.replaceAll("'", ""));
  if (!/^('\d{1,15}'|\d{1,15})$/.test(value)) {
    throw invalid(
      `${table} VERSION AS OF takes a whole number, as in ${table} VERSION AS OF 3`,
      value,
    );
  }
  return { name: `${table} VERSION AS OF ${version}`, table, when: { version } };
}

function atTime(table: string, value: string): Travel {
  const at = instant(value.slice(1, -1));
  if (!value.startsWith("'") || Number.isNaN(at)) {
    throw invalid(
      `${table} TIMESTAMP AS OF takes a date or a time in quotes, as in ${table} TIMESTAMP AS OF '2026-01-31T10:00:00Z'`,
      value,
    );
  }
  return { name: `${table} TIMESTAMP AS OF ${value}`, table, when: { at } };
}

/** Epoch milliseconds of a date, or of a date and a time, in UTC where no zone is said; NaN of anything else. */
function instant(value: string): number {
  const [, date, time, zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|[+-]\d\d:\d\d)?)?$/.exec(
      value,
    ) ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${time ?? "00:00"}${zone}`);
}

function invalid(message: string, received: string): EcapError {
  return new EcapError("ECAP_QUERY_INVALID", message, { received });
}
