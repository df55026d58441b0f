import { readFile } from "node:fs/promises";
import { EcapError } from "@ecap/sdk";
import { parse } from "yaml";
import { z } from "zod";

const pattern = z.string().refine(isPattern, { message: "is no regular expression" });
/** Column → what its value must match; all of them must. */
const conditions = z.record(z.string(), pattern);
const column = z.union([
  z.string(),
  z.strictObject({
    column: z.string(),
    /** Cut out of the value, as in `\.0$`. */
    remove: pattern.optional(),
    /** Values to write otherwise, as in `EIRE: Ireland`. */
    as: z.record(z.string(), z.string()).optional(),
  }),
]);

/** What a line, or the lines of a group, become. */
export const recordKinds = ["order", "refund", "adjustment", "stock_adjustment", "skip"] as const;

const mappingSchema = z.strictObject({
  /** Names the import; part of every event's id. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, "letters, digits, dots and dashes"),
  format: z.enum(["csv", "ndjson", "parquet"]).optional(),
  currency: z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code"),
  /** Lines of one value make one event, wherever in the file they stand. */
  group: z.string(),
  /** Lines after which a group that got no more counts as whole. Default 100,000. */
  groupSpan: z.number().int().min(1).optional(),
  time: column,
  line: z.strictObject({
    product_id: column,
    name: column.optional(),
    category: column.optional(),
    quantity: column,
    price: column,
  }),
  customer: column.optional(),
  country: column.optional(),
  /** The first whose conditions a line meets says what it is; a line that meets none is an order's. */
  kinds: z
    .array(
      z.strictObject({
        kind: z.enum(recordKinds),
        when: conditions,
        reason: z.string().optional(),
      }),
    )
    .default([]),
  /** Lines that are money but no product, as in postage. */
  charges: conditions.optional(),
  /** Exactly equal lines of one group: kept (default) or counted once. */
  duplicates: z.enum(["keep", "drop"]).default("keep"),
});

export type Mapping = z.output<typeof mappingSchema>;
export type ColumnRef = z.output<typeof column>;
export type RecordKind = (typeof recordKinds)[number];

export async function readMapping(path: string): Promise<Mapping> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new EcapError("ECAP_MAPPING_INVALID", `the mapping "${path}" cannot be read`, { cause });
  }
  return parseMapping(text, path);
}

export function parseMapping(text: string, path: string): Mapping {
  let document: unknown;
  try {
    document = parse(text);
  } catch (cause) {
    throw new EcapError(
      "ECAP_MAPPING_INVALID",
      `${path} is no YAML: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  const parsed = mappingSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join(".") ?? "";
  throw new EcapError(
    "ECAP_MAPPING_INVALID",
    `${path}${place === "" ? "" : `, ${place}`}: ${issue?.message ?? "invalid"}`,
    { path: place },
  );
}

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text));
  } catch {
    return false;
  }
}
