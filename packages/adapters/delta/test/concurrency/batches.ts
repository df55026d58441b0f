import type { TableSchema } from "@ecap/sdk";

/** Where the table lies: in a folder, or below a prefix of the test bucket. */
export type Place = { readonly dir: string } | { readonly prefix: string };

/** Rows are written and changed a batch at a time, over two partitions, so that half a commit shows as half a batch. */
export const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "part", type: "integer", nullable: false },
    { name: "batch", type: "string", nullable: false },
    { name: "i", type: "integer", nullable: false },
    { name: "n", type: "long", nullable: false },
  ],
  partitionBy: ["part"],
};

export const batchSize = 6;
/** The batch that every writer counts up. */
export const sharedBatch = "shared";

export function batchRows(batch: string) {
  return Array.from({ length: batchSize }, (_, i) => ({
    tenant: "t",
    part: i % 2,
    batch,
    i,
    n: 0,
  }));
}
