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

interface Slot<Value> {
  /** Undefined where the batch deleted it. */
  value: Value | undefined;
  /** Where the batch changed it: the value before. */
  before: Value | undefined;
  isChanged: boolean;
}

/** Values by name in memory, with what a batch changed: to be stored and kept, or undone. */
export class KeyedState<Value> {
  readonly #options: KeyedStateOptions<Value>;
  readonly #slots = new Map<string, Slot<Value>>();
  /** Of the batch under way, in the order it changed them. */
  #changed: Array<readonly [name: string, slot: Slot<Value>]> = [];
  #size = 0;

  constructor(options: KeyedStateOptions<Value>) {
    this.#options = options;
  }

  get size(): number {
    return this.#size;
  }

  get(name: string): Value | undefined {
    return this.#slots.get(name)?.value;
  }

  *entries(): IterableIterator<[string, Value]> {
    for (const [name, { value }] of this.#slots) if (value !== undefined) yield [name, value];
  }

  /** The value to change in place: the first time in a batch a copy of what was there. */
  change(name: string, make: () => Value): Value {
    const slot = this.#slots.get(name);
    if (slot === undefined) {
      const value = make();
      const made = { value, before: undefined, isChanged: true };
      this.#slots.set(name, made);
      this.#changed.push([name, made]);
      this.#size += 1;
      return value;
    }
    if (slot.value === undefined) {
      slot.value = make();
      this.#size += 1;
    } else if (!slot.isChanged) {
      this.#note(name, slot);
      slot.value = this.#options.copy(slot.value);
    }
    return slot.value;
  }

  delete(name: string): void {
    const slot = this.#slots.get(name);
    if (slot?.value === undefined) return;
    if (!slot.isChanged) this.#note(name, slot);
    slot.value = undefined;
    this.#size -= 1;
  }

  /** Names the batch changed. */
  changed(): Iterable<string> {
    return this.#changed.map(([name]) => name);
  }

  load(entries: readonly StateEntry[]): void {
    for (const { key, value } of entries) {
      const loaded = this.#options.load(JSON.parse(decoder.decode(value)));
      this.#slots.set(key, { value: loaded, before: undefined, isChanged: false });
    }
    this.#size = this.#slots.size;
  }

  *changes(): Iterable<StateChange> {
    for (const [key, { value, before }] of this.#changed) {
      // What came and went within the batch was never stored.
      if (value === undefined && before === undefined) continue;
      const saved =
        value === undefined ? undefined : encoder.encode(JSON.stringify(this.#options.save(value)));
      yield { key, value: saved };
    }
  }

  keep(): void {
    this.#end(({ value }) => value);
  }

  undo(): void {
    this.#end(({ before }) => before);
    this.#size = this.#slots.size;
  }

  #note(name: string, slot: Slot<Value>): void {
    slot.before = slot.value;
    slot.isChanged = true;
    this.#changed.push([name, slot]);
  }

  #end(choose: (slot: Slot<Value>) => Value | undefined): void {
    for (const [name, slot] of this.#changed) {
      slot.value = choose(slot);
      slot.before = undefined;
      slot.isChanged = false;
      if (slot.value === undefined) this.#slots.delete(name);
    }
    this.#changed = [];
  }
}
