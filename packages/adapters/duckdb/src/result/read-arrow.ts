import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { turns } from "@ecap/sdk/lake";
import {
  Field,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
} from "apache-arrow";
import type { Opened } from "../engine/open-instance.ts";
import { arrowColumn } from "./arrow-column.ts";

/** What ends a stream of messages: a continuation without length. */
const endOfStream = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/** An Arrow IPC stream: the schema, a record batch a chunk, the end. */
export async function* readArrow(
  api: Opened["api"],
  result: DuckDBResult,
  chunks: AsyncIterable<DuckDBDataChunk>,
): AsyncGenerator<Uint8Array> {
  const columns = result.columnTypes().map((type) => arrowColumn(api, type));
  const names = result.deduplicatedColumnNames();
  const schema = new Schema(columns.map(({ type }, i) => new Field(names[i] ?? "", type, true)));
  const struct = new Struct(schema.fields);
  const takeTurns = turns();
  const opening = messages(schema, []);
  yield opening;
  for await (const chunk of chunks) {
    const length = chunk.rowCount;
    const children = [];
    for (const [i, column] of columns.entries()) {
      children.push(column.data(chunk.getColumnVector(i), length));
      await takeTurns();
    }
    const batch = new RecordBatch(
      schema,
      makeData({ type: struct, length, children, nullCount: 0 }),
    );
    yield messages(schema, [batch]).subarray(opening.length);
  }
  yield endOfStream;
}

/** The stream of these batches without its end. The writer begins each stream with the schema, so what follows the same schema is a batch alone. */
function messages(schema: Schema, batches: readonly RecordBatch[]): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  const bytes = writer.toUint8Array(true);
  return bytes.subarray(0, bytes.length - endOfStream.length);
}
