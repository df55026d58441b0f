import { EcapError, type TableCommit, type TableSnapshot } from "@ecap/sdk";
import type { DeltaLog } from "../log/delta-log.ts";
import type { TableState } from "../log/table-state.ts";
import { type Archive, archiveVersionOf, withArchive } from "./archive.ts";
import { type HistoryOptions, tableHistory, versionAt } from "./table-history.ts";
import type { TablePlace } from "./table-place.ts";
import { tableSnapshot } from "./table-snapshot.ts";

/** What can be asked of one table without writing to it. A table or version that is not there is ECAP_TABLE_NOT_FOUND. */
export interface TableReader {
  snapshot(when: { readonly version?: number; readonly at?: number }): Promise<TableSnapshot>;
  history(options: HistoryOptions): Promise<TableCommit[]>;
}

export function tableReader(place: TablePlace, log: DeltaLog, archive?: Archive): TableReader {
  const notFound = (message: string) =>
    new EcapError("ECAP_TABLE_NOT_FOUND", message, { received: place.table });

  const existing = async (): Promise<TableState> => {
    const state = await log.newest();
    if (!state) throw notFound(`There is no table ${place.table}`);
    return state;
  };

  return {
    async snapshot({ version, at }) {
      const newest = await existing();
      const wanted =
        version ?? (at === undefined ? newest.version : await versionAt(log, newest, at));
      const state = wanted === newest.version ? newest : await stateAt(log, newest, wanted);
      if (!state) {
        throw notFound(`Table ${place.table} has no version ${version ?? `at ${String(at)}`}`);
      }
      const own = tableSnapshot(place, state);
      if (archive) return withArchive(own, state, archive);
      if (archiveVersionOf(state) === 0) return own;
      const message = `Table ${place.table}: a part of it lies in its archive, which is not open here`;
      throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: "archive" });
    },
    history: async (options) => tableHistory(log, await existing(), options),
  };
}

async function stateAt(log: DeltaLog, newest: TableState, version: number | undefined) {
  const possible = version !== undefined && Number.isInteger(version) && version >= 0;
  return possible && version < newest.version ? log.at(version) : undefined;
}
