import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { EcapError, type QueryProvenance, type QueryStream } from "@ecap/sdk";
import type { Opened } from "../engine/open-instance.ts";
import { chunksOf } from "../engine/run-statement.ts";
import { guarded, type StreamGuard } from "./guarded.ts";
import { readArrow } from "./read-arrow.ts";
import { readRows, resultColumns } from "./read-rows.ts";

export interface QueryStreamOptions extends StreamGuard {
  readonly api: Opened["api"];
  readonly result: DuckDBResult;
  readonly provenance: QueryProvenance;
  readonly maxRows: number;
}

/** A result of DuckDB that is computed as it is read. The first rows are there when it resolves, so that what fails at once fails here. */
export async function queryStream(options: QueryStreamOptions): Promise<QueryStream> {
  const { api, result, provenance, maxRows, deadline, ended } = options;
  const rest = limited(chunksOf(result, deadline.signal), maxRows);
  const first = await rest.next();
  let isTaken = false;
  const take = <T>(read: (chunks: AsyncIterable<DuckDBDataChunk>) => AsyncGenerator<T>) => {
    if (isTaken) throw new EcapError("ECAP_QUERY_INVALID", "A stream is read once");
    isTaken = true;
    return guarded(read(first.done === true ? rest : resumed(first.value, rest)), options);
  };
  const endUntaken = (): void => {
    if (!isTaken) ended();
  };
  deadline.signal.addEventListener("abort", endUntaken, { once: true });
  return {
    ...provenance,
    columns: resultColumns(result),
    rows: () => take((chunks) => readRows(api, result, chunks)),
    arrow: () => take((chunks) => readArrow(api, result, chunks)),
  };
}

async function* resumed<T>(first: T, rest: AsyncIterable<T>): AsyncGenerator<T> {
  yield first;
  yield* rest;
}

async function* limited(
  chunks: AsyncIterable<DuckDBDataChunk>,
  maxRows: number,
): AsyncGenerator<DuckDBDataChunk> {
  let rows = 0;
  for await (const chunk of chunks) {
    rows += chunk.rowCount;
    if (rows > maxRows) throw tooManyRows(maxRows);
    yield chunk;
  }
}

export function tooManyRows(maxRows: number): EcapError {
  return new EcapError("ECAP_QUERY_INVALID", `The query gives more than ${maxRows} rows`);
}
