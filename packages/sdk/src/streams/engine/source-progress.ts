import type { StateChange, StateEntry } from "../../ports/state-store.ts";
import type { Counters } from "./operator.ts";

/** What is stored of a leg's progress through one partition. */
interface SavedProgress {
  readonly reached: number | null;
  /** Time by upstream partition; a silent one with what it had reached, if anything. */
  readonly upstream: Readonly<Record<string, number | null>>;
  readonly silent: readonly string[];
  readonly counters: Counters;
}

/** The key it is stored under, after the claim's prefix. */
export const progressKey = "progress";

/**
 * How far event time is on one partition of a leg's input. On a topic from outside it is the newest event time, never later than the event's
 * arrival: a date in the future must not close the windows of the present. On an intermediate topic it is the least of what the upstream
 * partitions have told, once all have, those left out that say they are silent.
 */
export class SourceProgress {
  readonly #upstream: readonly string[] | undefined;
  #told = new Map<string, number>();
  #silent = new Set<string>();
  #reached = -Infinity;
  counters: Counters = { late: 0, duplicates: 0, forced: 0 };
  #before:
    | { told: Map<string, number>; silent: Set<string>; reached: number; counters: Counters }
    | undefined;
  #changed = false;

  /** `upstream`: the names of the partitions that write to the intermediate topic; undefined on one from outside. */
  constructor(upstream: readonly string[] | undefined) {
    this.#upstream = upstream;
  }

  get watermark(): number {
    return this.#reached;
  }

  /** Where time would be if nobody were waited for. */
  get farthest(): number {
    return Math.max(this.#reached, ...this.#told.values());
  }

  begin(): void {
    const { late, duplicates, forced } = this.counters;
    this.#before = {
      told: new Map(this.#told),
      silent: new Set(this.#silent),
      reached: this.#reached,
      counters: { late, duplicates, forced },
    };
    this.#changed = false;
  }

  /** Event time has come this far. */
  advance(time: number): void {
    if (time <= this.#reached) return;
    this.#reached = time;
    this.#changed = true;
  }

  /** An upstream partition has come this far, or says that it is silent. */
  tell(from: string, time: number, isIdle: boolean): void {
    const wasSilent = this.#silent.has(from);
    if (isIdle !== wasSilent) {
      if (isIdle) this.#silent.add(from);
      else this.#silent.delete(from);
      this.#changed = true;
    }
    if (time > (this.#told.get(from) ?? -Infinity)) {
      this.#told.set(from, time);
      this.#changed = true;
    } else if (isIdle === wasSilent) return;
    let least = Infinity;
    for (const name of this.#upstream ?? []) {
      if (this.#silent.has(name)) continue;
      const known = this.#told.get(name);
      if (known === undefined) return;
      if (known < least) least = known;
    }
    if (Number.isFinite(least)) this.advance(least);
  }

  /** Whether nothing is to be expected from any upstream partition. */
  get isSilent(): boolean {
    return this.#upstream?.every((name) => this.#silent.has(name)) === true;
  }

  count(what: keyof Counters, times: number): void {
    this.counters[what] += times;
    this.#changed = true;
  }

  load(entry: StateEntry | undefined): void {
    if (entry === undefined) return;
    const saved: SavedProgress = JSON.parse(new TextDecoder().decode(entry.value));
    this.#reached = saved.reached ?? -Infinity;
    this.#told = new Map(
      Object.entries(saved.upstream).map(([name, time]) => [name, time ?? -Infinity]),
    );
    this.#silent = new Set(saved.silent);
    this.counters = { ...saved.counters };
  }

  /** What the batch changed, with the key after the claim's prefix. */
  changes(): readonly StateChange[] {
    if (!this.#changed) return [];
    const saved: SavedProgress = {
      reached: Number.isFinite(this.#reached) ? this.#reached : null,
      upstream: Object.fromEntries(this.#told),
      silent: [...this.#silent],
      counters: this.counters,
    };
    return [{ key: progressKey, value: new TextEncoder().encode(JSON.stringify(saved)) }];
  }

  keep(): void {
    this.#before = undefined;
  }

  undo(): void {
    if (this.#before === undefined) return;
    ({
      told: this.#told,
      silent: this.#silent,
      reached: this.#reached,
      counters: this.counters,
    } = this.#before);
    this.#before = undefined;
  }
}
