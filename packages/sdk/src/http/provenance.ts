import { z } from "zod";
import type { QueryProvenance } from "../ports/query-engine.ts";

/** What every answer with numbers says of itself. */
export const provenance = z.object({
  tenant: z.string(),
  asOf: z
    .string()
    .describe(
      "Everything accepted before is counted (RFC 3339); where the answer is of tables alone, the newest commit it was read from, and what reached them later is not counted",
    ),
  tables: z
    .record(z.string(), z.number().int())
    .describe("Table versions the numbers were read from"),
  behind: z
    .array(z.string())
    .optional()
    .describe(
      "Tables whose newest events are not counted yet, as there are too many or the log does not answer",
    ),
});

/** The provenance of a query's answer as a response says it. */
export function provenanceOf(
  { asOf, versions, behind }: Pick<QueryProvenance, "asOf" | "versions" | "behind">,
  tenant: string,
): z.input<typeof provenance> {
  return {
    tenant,
    asOf: new Date(asOf).toISOString(),
    tables: { ...versions },
    ...(behind !== undefined && { behind: [...behind] }),
  };
}

/** An instant or a date (midnight UTC), as epoch milliseconds. */
export const instant = z
  .string()
  .max(40)
  .refine(
    (text) =>
      /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
      isDay(text.slice(0, 10)) &&
      !Number.isNaN(Date.parse(text)),
    {
      message: "expected a date (2026-01-31) or an instant with its zone (2026-01-31T10:00:00Z)",
    },
  )
  .transform((text) => Date.parse(text));

/** Whether there is such a day: `Date.parse` takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
