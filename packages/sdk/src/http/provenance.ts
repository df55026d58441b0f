import { z } from "zod";

/** What every answer with numbers says of itself. */
export const provenance = z.object({
  tenant: z.string(),
  asOf: z
    .string()
    .describe(
      "The newest commit the numbers were read from (RFC 3339); what reached the tables later is not counted",
    ),
  tables: z
    .record(z.string(), z.number().int())
    .describe("Table versions the numbers were read from"),
});

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
