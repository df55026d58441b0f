import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import type { ResultCell, ResultRow } from "@ecap/sdk";
import { turns } from "@ecap/sdk/lake";
import type { Opened } from "../engine/open-instance.ts";
import { resultCell } from "./result-cell.ts";

/** Cells made between two looks at the clock. */
const cellsAtOnce = 2_000;

export function resultColumns(
  result: DuckDBResult,
): ReadonlyArray<{ readonly name: string; readonly type: string }> {
  return result
    .deduplicatedColumnNames()
    .map((name, i) => ({ name, type: result.columnType(i).toString() }));
}

/** The rows of one chunk after another as the port gives them, made in steps that leave the event loop to others. */
export async function* readRows(
  api: Opened["api"],
  result: DuckDBResult,
  chunks: AsyncIterable<DuckDBDataChunk>,
): AsyncGenerator<readonly ResultRow[]> {
  const names = result.deduplicatedColumnNames();
  const step = Math.max(1, Math.floor(cellsAtOnce / names.length));
  const takeTurns = turns();
  for await (const chunk of chunks) {
    const vectors = names.map((name, i) => ({ name, vector: chunk.getColumnVector(i) }));
    const rows: ResultRow[] = [];
    for (let at = 0; at < chunk.rowCount; at++) {
      const row: Record<string, ResultCell> = {};
      for (const { name, vector } of vectors) row[name] = resultCell(api, vector.getItem(at));
      rows.push(row);
      if (at % step === step - 1) await takeTurns();
    }
    yield rows;
  }
}
