import type { KeyValueStorage } from "./platform.ts";
import type { DeliveryReceipt } from "./receipt.ts";

export interface QueuedEvent {
  readonly id: string;
  /** The event as JSON. */
  readonly json: string;
  /** Called once, when it is known what became of the event. */
  readonly settled: Array<(receipt: DeliveryReceipt) => void>;
}

/** Events not yet acknowledged, oldest first; kept in the storage too where there is one, each under a key of its own. */
export interface EventQueue {
  readonly events: readonly QueuedEvent[];
  /** False, and nothing kept, where the queue is full. */
  push(id: string, json: string): boolean;
  /** Takes the event out, wherever it stands, and tells those who wait for it; false where it was not in the queue. */
  settle(receipt: DeliveryReceipt): boolean;
  /** Begins, or ceases, to keep events in the storage. */
  persist(on: boolean): void;
}

export function createEventQueue(
  prefix: string,
  capacity: number,
  storage: KeyValueStorage | undefined,
): EventQueue {
  let events: QueuedEvent[] = [];
  let kept = false;

  function keep({ id, json }: QueuedEvent): void {
    try {
      storage?.setItem(prefix + id, json);
    } catch {
      // A full storage: the event is in memory and will be sent from there.
    }
  }

  /** Ids ascend, so that events of an earlier page or a closed tab come before those of this one. Another open tab's come twice, which the server sees by their ids. */
  function adopt(from: KeyValueStorage): void {
    const known = new Set(events.map(({ id }) => id));
    for (let i = 0; i < from.length && events.length < capacity; i += 1) {
      const key = from.key(i);
      const id = key?.startsWith(prefix) === true ? key.slice(prefix.length) : "";
      const json = id === "" || known.has(id) ? null : from.getItem(prefix + id);
      if (json !== null) events.push({ id, json, settled: [] });
    }
    events.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  return {
    get events() {
      return events;
    },
    push(id, json) {
      if (events.length >= capacity) return false;
      const event: QueuedEvent = { id, json, settled: [] };
      events.push(event);
      if (kept) keep(event);
      return true;
    },
    settle(receipt) {
      const settled = events.filter(({ id }) => id === receipt.id);
      events = events.filter(({ id }) => id !== receipt.id);
      storage?.removeItem(prefix + receipt.id);
      for (const event of settled) for (const tell of event.settled) tell(receipt);
      return settled.length > 0;
    },
    persist(on) {
      if (on && !kept && storage !== undefined) {
        events.forEach(keep);
        adopt(storage);
      }
      kept = on;
    },
  };
}
