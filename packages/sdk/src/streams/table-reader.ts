import { partitionOf } from "../events/partition.ts";
import { claimPrefix } from "../ports/committer.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { createRecentCache } from "./engine/recent-cache.ts";
import { tableKey } from "./operators/table-row.ts";

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

/** Rows that a topology writes by `toTable`. */
export interface TableReader {
  /** In the order of `refs`; undefined where there is no row. A row is at most `maxAgeMs` old. */
  get(table: string, refs: readonly TableRef[]): Promise<ReadonlyArray<Uint8Array | undefined>>;
}

export interface TableReaderOptions {
  readonly eventLog: Pick<EventLog, "topics">;
  readonly stateStore: Pick<StateStore, "get">;
  readonly now: () => number;
  /** How long a row that was read is used again. Default 1,000. */
  readonly maxAgeMs?: number;
  /** Rows kept for that, per table. Default 100,000. */
  readonly maxRows?: number;
}

interface ReadRow {
  readonly row: Uint8Array | undefined;
  readonly readAt: number;
}

export function tableReader(options: TableReaderOptions): TableReader {
  const { eventLog, stateStore, now, maxAgeMs = 1_000, maxRows = 100_000 } = options;
  const partitions = new Map<string, number>();
  const cache = createRecentCache<ReadRow>(maxRows);

  async function partitionsOf(topic: string): Promise<number | undefined> {
    if (!partitions.has(topic)) {
      for (const each of await eventLog.topics()) partitions.set(each.topic, each.partitions);
    }
    return partitions.get(topic);
  }

  return {
    async get(table, refs) {
      const topic = tableTopic(table);
      const count = await partitionsOf(topic);
      // Nobody has made the table yet.
      if (count === undefined) return refs.map(() => undefined);
      const time = now();
      const rows = new Map<string, Uint8Array | undefined>();
      const missing = new Map<string, string>();
      const names = refs.map(({ tenant, key }) => {
        const name = `${table}\n${tenant}\n${key}`;
        if (rows.has(name) || missing.has(name)) return name;
        const cached = cache.get(name);
        if (cached !== undefined && time - cached.readAt < maxAgeMs) rows.set(name, cached.row);
        else {
          const place = { topology: tableLeg(table), topic, partition: partitionOf(key, count) };
          missing.set(name, `${claimPrefix(place)}s/${tableKey(tenant, key)}`);
        }
        return name;
      });
      if (missing.size > 0) {
        const found = await stateStore.get([...missing.values()]);
        [...missing.keys()].forEach((name, i) => {
          const row = found[i]?.value;
          rows.set(name, row);
          cache.set(name, { row, readAt: time });
        });
      }
      return names.map((name) => rows.get(name));
    },
  };
}
