import type { StateChange, StateEntry } from "../../ports/state-store.ts";
import type { Counters } from "./operator.ts";

/** What is stored of a leg's progress through one partition. */
interface SavedProgress {
  readonly reached: number | null;
  readonly upstream: Readonly<Record<string, number>>;
  readonly counters: Counters;
}

/** The key it is stored under, after the claim's prefix. */
export const progressKey = "progress";

/**
 * How far event time is on one partition of a leg's input. On a topic from outside it is the newest event time, never later than the event's
 * arrival: a date in the future must not close the windows of the present. On an intermediate topic it is the least of what the upstream
 * partitions have told, once all have.
 */
export class SourceProgress {
  readonly #upstream: readonly string[] | undefined;
  #told = new Map<string, number>();
  #reached = -Infinity;
  counters: Counters = { late: 0, duplicates: 0, forced: 0 };
  #before: { told: Map<string, number>; reached: number; counters: Counters } | undefined;
  #changed = false;

  /** `upstream`: the names of the partitions that write to the intermediate topic; undefined on one from outside. */
  constructor(upstream: readonly string[] | undefined) {
    this.#upstream = upstream;
  }

  get watermark(): number {
    return this.#reached;
  }

  begin(): void {
    const { late, duplicates, forced } = this.counters;
    this.#before = {
      told: new Map(this.#told),
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

  /** An upstream partition has come this far. */
  tell(from: string, time: number): void {
    if (time <= (this.#told.get(from) ?? -Infinity)) return;
    this.#told.set(from, time);
    this.#changed = true;
    let least = Infinity;
    for (const name of this.#upstream ?? []) {
      const known = this.#told.get(name);
      if (known === undefined) return;
      if (known < least) least = known;
    }
    if (Number.isFinite(least)) this.advance(least);
  }

  count(what: keyof Counters, times: number): void {
    this.counters[what] += times;
    this.#changed = true;
  }

  load(entry: StateEntry | undefined): void {
    if (entry === undefined) return;
    const saved: SavedProgress = JSON.parse(new TextDecoder().decode(entry.value));
    this.#reached = saved.reached ?? -Infinity;
    this.#told = new Map(Object.entries(saved.upstream));
    this.counters = { ...saved.counters };
  }

  /** What the batch changed, with the key after the claim's prefix. */
  changes(): readonly StateChange[] {
    if (!this.#changed) return [];
    const saved: SavedProgress = {
      reached: Number.isFinite(this.#reached) ? this.#reached : null,
      upstream: Object.fromEntries(this.#told),
      counters: this.counters,
    };
    return [{ key: progressKey, value: new TextEncoder().encode(JSON.stringify(saved)) }];
  }

  keep(): void {
    this.#before = undefined;
  }

  undo(): void {
    if (this.#before === undefined) return;
    ({ told: this.#told, reached: this.#reached, counters: this.counters } = this.#before);
    this.#before = undefined;
  }
}
