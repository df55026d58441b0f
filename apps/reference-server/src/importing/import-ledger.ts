import type { Platform } from "@ecap/sdk";
import { hashId, IdWindow } from "@ecap/sdk/dedupe";
import { bronzeTableName } from "@ecap/sdk/lake";

export interface ImportLedger {
  /** Says which ids the lake already holds from this source, however long ago they came. */
  open(tenant: string, source: string): Promise<(id: string) => boolean>;
}

const maxIds = 20_000_000;

/**
 * Makes imports repeatable past the collector's window: before an import goes on, the ids of its source are read from the bronze tables. The
 * sinks are drained first, so what a killed import left in the log counts too.
 */
export function createImportLedger(platform: Platform): ImportLedger {
  return {
    async open(tenant, source) {
      await platform.drain();
      const known = new IdWindow({ windowMs: Number.MAX_SAFE_INTEGER, maxIds });
      for (const topic of Object.keys(platform.topics)) {
        const table = bronzeTableName(topic);
        const { rows } = await platform.port("queryEngine").query({
          sql: `select event_id from ${table} where source = $1`,
          parameters: [source],
          tenant,
          tables: { [table]: {} },
          maxRows: maxIds,
          timeoutMs: 300_000,
        });
        for (const row of rows) known.add(hashId(tenant, JSON.stringify(row["event_id"])), 0);
      }
      return (id) => known.has(hashId(tenant, JSON.stringify(id)));
    },
  };
}
