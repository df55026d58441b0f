import type { QueryStream, ResultRow } from "@ecap/sdk";
import { csvHead, csvRow } from "./csv.ts";

/** A way to write a result while it is computed. */
export interface ResultFormat {
  readonly type: string;
  write(stream: QueryStream): AsyncIterableIterator<Uint8Array>;
}

export const resultFormats: readonly ResultFormat[] = [
  { type: "application/vnd.apache.arrow.stream", write: (stream) => stream.arrow() },
  {
    type: "application/x-ndjson",
    write: (stream) => lines(stream, (row) => JSON.stringify(row)),
  },
  {
    type: "text/csv",
    write(stream) {
      const names = stream.columns.map(({ name }) => name);
      return lines(stream, (row) => csvRow(row, names), csvHead(names));
    },
  },
];

async function* lines(
  stream: QueryStream,
  write: (row: ResultRow) => string,
  head?: string,
): AsyncGenerator<Uint8Array> {
  if (head !== undefined) yield Buffer.from(`${head}\n`);
  for await (const rows of stream.rows())
    yield Buffer.from(rows.map((row) => `${write(row)}\n`).join(""));
}
