import { uuidv7 } from "../../events/uuid.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StateStore } from "../../ports/state-store.ts";
import type { MaintenanceRun } from "./maintenance-run.ts";

/** Runs kept a table. */
export const keptRuns = 50;
/** A process that ended in the middle keeps others from the table for so long. */
const turnMs = 10 * 60_000;

interface Entry {
  readonly owner: string;
  readonly turnUntil: number;
  /** Newest first. */
  readonly runs: readonly MaintenanceRun[];
}

/** Whose turn it is to keep a table, of all processes, and what was done. */
export interface UpkeepLedger {
  /** Takes the turn, or has it for longer; false while another has it. */
  take(table: string): Promise<boolean>;
  /** Gives the turn back, with what was done; a run that did nothing is not kept. */
  done(run: MaintenanceRun): Promise<void>;
  runs(table: string): Promise<readonly MaintenanceRun[]>;
}

/** Turns are a courtesy: two that keep one table at once meet as conflicts of commits, and nothing is lost. */
export function upkeepLedger(stateStore: StateStore, clock: Clock): UpkeepLedger {
  const owner = uuidv7(clock.now());

  async function read(table: string): Promise<{ entry: Entry; version: string | undefined }> {
    const [found] = await stateStore.get([keyOf(table)]);
    if (found === undefined)
      return { entry: { owner: "", turnUntil: 0, runs: [] }, version: undefined };
    const entry = JSON.parse(new TextDecoder().decode(found.value)) as Entry;
    return { entry, version: found.version };
  }

  async function write(table: string, entry: Entry, version: string | undefined): Promise<boolean> {
    const value = new TextEncoder().encode(JSON.stringify(entry));
    return (await stateStore.compareAndSet({ key: keyOf(table), value }, version)) !== undefined;
  }

  return {
    async take(table) {
      const { entry, version } = await read(table);
      const now = clock.now();
      if (entry.owner !== owner && entry.turnUntil > now) return false;
      return write(table, { ...entry, owner, turnUntil: now + turnMs }, version);
    },
    async done(run) {
      for (let attempt = 0; attempt < 10; attempt++) {
        const { entry, version } = await read(run.table);
        const turn = entry.owner === owner ? { owner: "", turnUntil: 0 } : {};
        const runs = didSomething(run) ? [run, ...entry.runs].slice(0, keptRuns) : entry.runs;
        if (await write(run.table, { ...entry, ...turn, runs }, version)) return;
      }
    },
    runs: async (table) => (await read(table)).entry.runs,
  };
}

function didSomething({ touchedFiles, checkpoint, failed }: MaintenanceRun): boolean {
  return touchedFiles > 0 || checkpoint?.version !== undefined || failed !== undefined;
}

function keyOf(table: string): string {
  return `lake/upkeep/${table}`;
}
