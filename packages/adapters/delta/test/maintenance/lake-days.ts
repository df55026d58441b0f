import type { TableSchema } from "@ecap/sdk";

/** Rows by day, the oldest first; the last has none. */
export const days = [
  "2026-01-01",
  "2026-01-02",
  "2026-01-03",
  "2026-01-04",
  "2026-01-05",
  "2026-01-06",
] as const;

export const tenant = "t";

export const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "date", type: "date" },
    { name: "batch", type: "integer", nullable: false },
  ],
  partitionBy: ["tenant", "date"],
};

/** One row a day. */
export const batchRows = (batch: number) => days.map((date) => ({ tenant, date, batch }));
