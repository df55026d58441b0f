import type { Row, TableSchema } from "@ecap/sdk";
import type { RecordBatch } from "apache-arrow";

/** Every row has the tenant, as queries need one. */
export const tenant = "t";

/** A table `t` of these, partitioned by `part`. */
export const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string", nullable: false },
    { name: "part", type: "string" },
    { name: "id", type: "integer", nullable: false },
    { name: "n", type: "long" },
    { name: "word", type: "string" },
  ],
  partitionBy: ["part"],
};

export interface TableRow {
  readonly part: string | null;
  readonly id: number;
  readonly n: number | null;
  readonly word: string | null;
}

export const row = (id: number, more: Partial<TableRow> = {}) => ({
  tenant,
  part: "a",
  id,
  n: id * 10,
  word: `w${id}`,
  ...more,
});

/** Parts as rows come in them. */
export async function* parts(
  ...given: ReadonlyArray<readonly Row[] | RecordBatch>
): AsyncGenerator<readonly Row[] | RecordBatch> {
  for (const part of given) yield part;
}
