import type { StoredBytes, TableStorage } from "@ecap/sdk";
import { fileTotals } from "../files/file-facts.ts";
import { deletionVectorPath } from "../format/deletion-vector.ts";
import type { TableState } from "../log/table-state.ts";
import { archiveStateOf } from "../table/archive.ts";
import { existingTable, placeOf, type TableContext } from "../table/table-context.ts";
import { keyOf, type TablePlace } from "../table/table-place.ts";

/** What the table and its archive take in the store. */
export async function storage(table: TableContext): Promise<TableStorage> {
  const state = await existingTable(table);
  const hot = await storedBytes(placeOf(table), state);
  const { archive } = table;
  if (!archive || !(await archive.log.newest())) return { hot };
  const archived = await archiveStateOf(state, archive);
  return { hot, archive: await storedBytes(archive.place, archived) };
}

async function storedBytes(place: TablePlace, state: TableState | undefined): Promise<StoredBytes> {
  const files = [...(state?.files.values() ?? [])];
  const live = new Set(
    files.flatMap(({ path, deletionVector }) => {
      const vector = deletionVector && deletionVectorPath(deletionVector);
      return [path, ...(vector === undefined ? [] : [vector])].map((each) => keyOf(place, each));
    }),
  );
  const old = { files: 0, bytes: 0 };
  const log = { files: 0, bytes: 0 };
  for await (const { key, size } of place.objects.list(place.root)) {
    if (live.has(key)) continue;
    const kind = key.startsWith(`${place.root}_delta_log/`) ? log : old;
    kind.files += 1;
    kind.bytes += size;
  }
  return { live: fileTotals(files), old, log };
}
