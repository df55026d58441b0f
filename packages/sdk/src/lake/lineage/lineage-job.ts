import { EcapError, isEcapError } from "../../errors/ecap-error.ts";
import type { Job } from "../../plugin/job.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StateStore } from "../../ports/state-store.ts";
import type { TableStore } from "../../ports/table-store.ts";
import { pause } from "../../streams/pause.ts";
import type { OpenLineageOptions } from "./open-lineage-options.ts";
import { type LineageEvent, tableLineage } from "./table-lineage.ts";

export interface LineageJobOptions {
  readonly options: OpenLineageOptions;
  readonly tableStore: TableStore;
  readonly stateStore: StateStore;
  readonly logger: Logger;
  readonly tables: () => Promise<readonly string[]>;
}

const defaultMaxVersions = 500;
/** Statuses that say nothing of the event itself. */
const passing: ReadonlySet<number> = new Set([401, 403, 404, 407, 408, 425, 429]);

/**
 * Sends the versions of tables that are new to an OpenLineage server, each in its order, and keeps how far it came. A version may be sent twice, under the
 * same run. Where the server does not answer the rest waits for the next time; an event that it refuses for what it is, is passed over and logged.
 */
export function lineageJob(parts: LineageJobOptions): readonly Job[] {
  const { options, tableStore, stateStore, logger, tables } = parts;
  const { url, maxVersions = defaultMaxVersions, everyMs = 60_000 } = options;
  if (url === undefined) return [];
  const send = sender(options, url);

  async function tell(table: string, signal: AbortSignal): Promise<Sent> {
    const [entry] = await stateStore.get([keyOf(table)]);
    let stored = entry?.version;
    let last = entry === undefined ? -1 : Number(new TextDecoder().decode(entry.value));
    const newest = (await tableStore.snapshot(table)).version;
    const sent = { versions: 0, refused: 0 };
    const keep = async (version: number): Promise<void> => {
      const value = new TextEncoder().encode(String(version));
      stored = await stateStore.compareAndSet({ key: keyOf(table), value }, stored);
      if (stored === undefined)
        throw new EcapError("ECAP_CONFLICT", `another process tells the lineage of ${table}`);
    };
    // Versions whose commits were cleaned up are not there; one look finds only as many as are asked for.
    while (last < newest && sent.versions < maxVersions) {
      const before = Math.min(last + 1 + maxVersions, newest + 1);
      const newestFirst = await tableLineage(tableStore, table, {
        ...options,
        before,
        limit: before - 1 - last,
      });
      for (const events of inOrder(newestFirst)) {
        for (const event of events) {
          signal.throwIfAborted();
          if (await send(event, signal)) continue;
          sent.refused += 1;
          logger.warn({ table, run: event.run.runId }, "an OpenLineage event was refused");
        }
        last = Number(versionOf(events));
        sent.versions += 1;
        await keep(last);
      }
      last = before - 1;
      await keep(last);
    }
    return sent;
  }

  return [
    {
      name: "lake-lineage",
      schedule: { everyMs },
      retries: 0,
      async run({ signal }) {
        const total = { versions: 0, refused: 0 };
        const failed: string[] = [];
        for (const table of await tables()) {
          try {
            const { versions, refused } = await tell(table, signal);
            total.versions += versions;
            total.refused += refused;
          } catch (error) {
            signal.throwIfAborted();
            // What keeps one from being sent keeps all.
            if (isEcapError(error, "ECAP_SERVICE_UNREACHABLE")) throw error;
            failed.push(table);
            logger.error(
              { table, error: String(error) },
              "the lineage of a table could not be told",
            );
          }
        }
        if (failed.length > 0) throw new Error(`tables without lineage: ${failed.join(", ")}`);
        return total;
      },
    },
  ];
}

interface Sent {
  readonly versions: number;
  readonly refused: number;
}

/** The two events of each version, the oldest first. */
function inOrder(newestFirst: readonly LineageEvent[]): ReadonlyArray<readonly LineageEvent[]> {
  const runs: LineageEvent[][] = [];
  for (let i = 0; i < newestFirst.length; i += 2) runs.unshift(newestFirst.slice(i, i + 2));
  return runs;
}

function versionOf(events: readonly LineageEvent[]): unknown {
  return events.at(-1)?.outputs[0]?.facets?.["version"]?.["datasetVersion"];
}

/** Resolves false where the event was refused for what it is; throws where it may be sent later. */
function sender(
  { endpoint = "api/v1/lineage", apiKey, timeoutMs = 5_000, attempts = 3 }: OpenLineageOptions,
  url: string,
): (event: LineageEvent, signal: AbortSignal) => Promise<boolean> {
  const address = new URL(endpoint, url.endsWith("/") ? url : `${url}/`);
  const headers = {
    "content-type": "application/json",
    ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
  };

  async function attempt(event: LineageEvent, signal: AbortSignal): Promise<number> {
    const response = await fetch(address, {
      method: "POST",
      headers,
      body: JSON.stringify(event),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await response.body?.cancel();
    return response.status;
  }

  return async (event, signal) => {
    let reason: unknown;
    for (let tried = 0; tried < attempts; tried++) {
      if (tried > 0) await pause(250 * 2 ** (tried - 1), signal);
      try {
        const status = await attempt(event, signal);
        if (status < 300) return true;
        if (status >= 400 && status < 500 && !passing.has(status)) return false;
        reason = `status ${status}`;
      } catch (error) {
        signal.throwIfAborted();
        reason = error;
      }
    }
    throw new EcapError(
      "ECAP_SERVICE_UNREACHABLE",
      `OpenLineage at ${address.host}: ${said(reason)}`,
      {
        cause: reason,
      },
    );
  };
}

function said(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function keyOf(table: string): string {
  return `lake/lineage/${table}`;
}
