/**
 * Names by the time they are due, the earliest first: a binary heap. A name may be in it more than once, and when it comes up may not be due
 * any longer. What a batch took out comes back with `undo`; what it added stays, which does no harm.
 */
export class DueTimes {
  readonly #times: number[] = [];
  readonly #names: string[] = [];
  #taken: Array<readonly [time: number, name: string]> = [];

  /** Infinity where nothing is due. */
  get next(): number {
    return this.#times[0] ?? Infinity;
  }

  add(time: number, name: string): void {
    const times = this.#times;
    let at = times.length;
    times.push(time);
    this.#names.push(name);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] ?? 0) <= time) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes out the names due at or before `time`, each once. */
  take(time: number): ReadonlySet<string> {
    const names = new Set<string>();
    while (this.next <= time && this.#times.length > 0) names.add(this.#pop());
    return names;
  }

  keep(): void {
    this.#taken = [];
  }

  undo(): void {
    for (const [time, name] of this.#taken) this.add(time, name);
    this.#taken = [];
  }

  #pop(): string {
    const times = this.#times;
    const name = this.#names[0] ?? "";
    this.#taken.push([times[0] ?? 0, name]);
    this.#swap(0, times.length - 1);
    times.pop();
    this.#names.pop();
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= times.length) return name;
      const right = left + 1;
      const least = right < times.length && (times[right] ?? 0) < (times[left] ?? 0) ? right : left;
      if ((times[at] ?? 0) <= (times[least] ?? 0)) return name;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    const [times, names] = [this.#times, this.#names];
    [times[a], times[b]] = [times[b] ?? 0, times[a] ?? 0];
    [names[a], names[b]] = [names[b] ?? "", names[a] ?? ""];
  }
}
