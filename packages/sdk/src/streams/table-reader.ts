import { partitionOf } from "../events/partition.ts";
import { claimPrefix } from "../ports/committer.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { createRecentCache, type RecentCache } from "./engine/recent-cache.ts";
import type { EnrichSettings } from "./nodes.ts";
import { parseRow, type TableRow, tableKey } from "./operators/table-row.ts";

/** The leg and the topic that keep a table: both follow from its name, so that every reader finds it. */
export function tableLeg(table: string): string {
  return `table.${table}`;
}

export function tableTopic(table: string): string {
  return `table.${table}.rows`;
}

export interface TableRef {
  readonly tenant: string;
  readonly key: string;
}

/** Rows of a table that a topology writes by `toTable`. */
export interface TableReader {
  /** In the order of `refs`; undefined where there is no row. A row is at most `maxAgeMs` old. */
  get(refs: readonly TableRef[]): Promise<ReadonlyArray<TableRow | undefined>>;
}

export interface TableReaderOptions {
  readonly eventLog: Pick<EventLog, "topics">;
  readonly stateStore: Pick<StateStore, "get">;
  readonly now: () => number;
}

interface Missing extends TableRef {
  /** Places in the answer. */
  readonly wanted: number[];
}

interface ReadRow {
  readonly row: TableRow | undefined;
  readonly readAt: number;
}

export function tableReader(
  {
    table,
    maxAgeMs = 1_000,
    maxRows = 200_000,
  }: Pick<EnrichSettings, "table" | "maxAgeMs" | "maxRows">,
  { eventLog, stateStore, now }: TableReaderOptions,
): TableReader {
  const topic = tableTopic(table);
  const caches = new Map<string, RecentCache<ReadRow>>();
  let partitions: number | undefined;

  function cacheOf(tenant: string): RecentCache<ReadRow> {
    const cache = caches.get(tenant) ?? createRecentCache<ReadRow>(maxRows);
    caches.set(tenant, cache);
    return cache;
  }

  async function partitionCount(): Promise<number | undefined> {
    partitions ??= (await eventLog.topics()).find((each) => each.topic === topic)?.partitions;
    return partitions;
  }

  return {
    async get(refs) {
      const count = await partitionCount();
      // Nobody has made the table yet.
      if (count === undefined) return refs.map(() => undefined);
      const time = now();
      const rows: Array<TableRow | undefined> = [];
      const missing = new Map<string, Missing>();
      for (const [i, { tenant, key }] of refs.entries()) {
        const cached = cacheOf(tenant).get(key);
        if (cached !== undefined && time - cached.readAt < maxAgeMs) {
          rows.push(cached.row);
          continue;
        }
        rows.push(undefined);
        const place = { topology: tableLeg(table), topic, partition: partitionOf(key, count) };
        const name = `${claimPrefix(place)}s/${tableKey(tenant, key)}`;
        const known = missing.get(name);
        if (known === undefined) missing.set(name, { tenant, key, wanted: [i] });
        else known.wanted.push(i);
      }
      if (missing.size === 0) return rows;
      const found = await stateStore.get([...missing.keys()]);
      let at = 0;
      for (const { tenant, key, wanted } of missing.values()) {
        const value = found[at]?.value;
        const row = value === undefined ? undefined : parseRow(value);
        cacheOf(tenant).set(key, { row, readAt: time });
        for (const i of wanted) rows[i] = row;
        at += 1;
      }
      return rows;
    },
  };
}
