import type { StateChange, StateEntry } from "../../ports/state-store.ts";

export interface KeyedStateOptions<Value> {
  /** A value of its own that may be changed. */
  readonly copy: (value: Value) => Value;
  /** As plain JSON. */
  readonly save: (value: Value) => unknown;
  readonly load: (saved: unknown) => Value;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Values by name in memory, with what a batch changed: to be stored and kept, or undone. */
export class KeyedState<Value> {
  readonly #options: KeyedStateOptions<Value>;
  readonly #values = new Map<string, Value>();
  /** Values before the batch of the names it changed. */
  readonly #before = new Map<string, Value | undefined>();

  constructor(options: KeyedStateOptions<Value>) {
    this.#options = options;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  entries(): IterableIterator<[string, Value]> {
    return this.#values.entries();
  }

  /** The value to change in place: the first time in a batch a copy of what was there. */
  change(name: string, make: () => Value): Value {
    const held = this.#values.get(name);
    if (held !== undefined && this.#before.has(name)) return held;
    const value = held === undefined ? make() : this.#options.copy(held);
    if (!this.#before.has(name)) this.#before.set(name, held);
    this.#values.set(name, value);
    return value;
  }

  delete(name: string): void {
    if (!this.#before.has(name)) this.#before.set(name, this.#values.get(name));
    this.#values.delete(name);
  }

  /** Names the batch changed. */
  changed(): Iterable<string> {
    return this.#before.keys();
  }

  load(entries: readonly StateEntry[]): void {
    for (const { key, value } of entries) {
      this.#values.set(key, this.#options.load(JSON.parse(decoder.decode(value))));
    }
  }

  *changes(): Iterable<StateChange> {
    for (const name of this.#before.keys()) {
      const value = this.#values.get(name);
      const saved =
        value === undefined ? undefined : encoder.encode(JSON.stringify(this.#options.save(value)));
      yield { key: name, value: saved };
    }
  }

  keep(): void {
    this.#before.clear();
  }

  undo(): void {
    for (const [name, value] of this.#before) {
      if (value === undefined) this.#values.delete(name);
      else this.#values.set(name, value);
    }
    this.#before.clear();
  }
}
