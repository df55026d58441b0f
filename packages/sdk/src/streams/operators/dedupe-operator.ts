import { hashId, type IdHash, IdWindow } from "../../dedupe/id-window.ts";
import type { StateChange, StateEntry } from "../../ports/state-store.ts";
import { isEvent, Output } from "../engine/element.ts";
import type { Operator } from "../engine/operator.ts";
import type { DedupeSettings } from "../nodes.ts";

const defaultMaxIds = 5_000_000;
/** Blocks of single batches that are packed into one. */
const packed = 64;

/** Ids of one batch or several, as they are stored: two 32-bit halves each. */
interface Block {
  readonly name: string;
  readonly ids: Uint32Array;
  /** Arrival time of the newest. */
  readonly at: number;
  readonly batches: number;
}

/**
 * Lets each id through once within the horizon, which is measured in arrival times as the log has them: so a replay decides the same. Ids live
 * in packed blocks, one a batch, since a key for each would cost several times the throughput.
 */
export function dedupeOperator({
  withinMs,
  id = (event) => event.id,
  maxIds = defaultMaxIds,
}: DedupeSettings): Operator {
  let window = new IdWindow({ windowMs: withinMs, maxIds });
  let blocks: Block[] = [];
  let arrived = -Infinity;
  let sequence = 0;
  /** Of the batch under way: known in it, and not yet for good. */
  let fresh = new Map<string, IdHash>();
  let arrivedBefore = arrived;
  let staged: Block[] | undefined;

  function nextBlocks(): { readonly next: Block[]; readonly changes: StateChange[] } {
    const changes: StateChange[] = [];
    const gone = (block: Block): void => void changes.push({ key: block.name, value: undefined });
    const live = blocks.filter((block) => block.at + withinMs >= arrived);
    for (const block of blocks) if (!live.includes(block)) gone(block);
    if (fresh.size === 0) return { next: live, changes };
    const ids = Uint32Array.from([...fresh.values()].flatMap(({ high, low }) => [high, low]));
    const single = live.filter(({ batches }) => batches === 1);
    const merged = single.length + 1 >= packed ? single : [];
    for (const block of merged) gone(block);
    sequence += 1;
    const block: Block = {
      name: String(sequence),
      ids: joined([...merged.map((each) => each.ids), ids]),
      at: arrived,
      batches: merged.length + 1,
    };
    changes.push({ key: block.name, value: encode(block) });
    return { next: [...live.filter((each) => !merged.includes(each)), block], changes };
  }

  return {
    process(elements, batch) {
      const output = new Output();
      for (const element of elements) {
        if (!isEvent(element)) {
          output.push(element);
          continue;
        }
        const { event } = element;
        arrived = Math.max(arrived, Math.min(event.receivedAt, Number.MAX_SAFE_INTEGER));
        const name = id(event);
        if (name === undefined) {
          output.push(element);
          continue;
        }
        const hash = hashId(event.tenant, name);
        const text = `${hash.high}.${hash.low}`;
        if (fresh.has(text) || window.has(hash, arrived)) {
          batch.count("duplicates");
          output.drop(element);
          continue;
        }
        fresh.set(text, hash);
        output.push(element);
      }
      return output.elements;
    },
    state: {
      load(entries) {
        window = new IdWindow({ windowMs: withinMs, maxIds });
        blocks = entries
          .map(decode)
          .toSorted((a, b) => a.at - b.at || Number(a.name) - Number(b.name));
        for (const { ids, at } of blocks) {
          for (let i = 0; i < ids.length; i += 2) {
            window.add({ high: ids[i] ?? 0, low: ids[i + 1] ?? 0 }, at);
          }
          arrived = Math.max(arrived, at);
        }
        arrivedBefore = arrived;
        sequence = Math.max(0, ...blocks.map(({ name }) => Number(name)));
      },
      changes() {
        const { next, changes } = nextBlocks();
        staged = next;
        return changes;
      },
      keep() {
        for (const hash of fresh.values()) window.add(hash, arrived);
        fresh = new Map();
        arrivedBefore = arrived;
        blocks = staged ?? blocks;
      },
      undo() {
        fresh = new Map();
        arrived = arrivedBefore;
      },
      get size() {
        return window.size;
      },
    },
  };
}

const headBytes = 16;

function encode({ ids, at, batches }: Block): Uint8Array {
  const bytes = new Uint8Array(headBytes + ids.byteLength);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, at, true);
  view.setUint32(8, batches, true);
  bytes.set(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength), headBytes);
  return bytes;
}

function decode({ key, value }: StateEntry): Block {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const ids = new Uint32Array(value.slice(headBytes).buffer);
  return { name: key, ids, at: view.getFloat64(0, true), batches: view.getUint32(8, true) };
}

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
