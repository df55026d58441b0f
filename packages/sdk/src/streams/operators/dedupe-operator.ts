import { hashId, IdWindow } from "../../dedupe/id-window.ts";
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
  let blocks: readonly Block[] = [];
  let arrived = -Infinity;
  let sequence = 0;
  /** Of the batch under way: ids it added, and what is undone with it. */
  let fresh: number[] = [];
  let arrivedBefore = arrived;
  let staged: { readonly blocks: readonly Block[]; readonly sequence: number } | undefined;

  function fill(): void {
    window = new IdWindow({ windowMs: withinMs, maxIds });
    for (const { ids, at } of blocks) {
      for (let i = 0; i < ids.length; i += 2) {
        window.add({ high: ids[i] ?? 0, low: ids[i + 1] ?? 0 }, at);
      }
    }
  }

  function stage(): readonly StateChange[] {
    const live = blocks.filter((block) => block.at + withinMs >= arrived);
    const single = live.filter(({ batches }) => batches === 1);
    const merged = fresh.length > 0 && single.length + 1 >= packed ? single : [];
    const kept = merged.length > 0 ? live.filter(({ batches }) => batches > 1) : live;
    const held = new Set(kept);
    const changes: StateChange[] = blocks.flatMap((block) =>
      held.has(block) ? [] : [{ key: block.name, value: undefined }],
    );
    if (fresh.length === 0) {
      staged = { blocks: kept, sequence };
      return changes;
    }
    const block: Block = {
      name: String(sequence + 1),
      ids: joined([...merged.map((each) => each.ids), Uint32Array.from(fresh)]),
      at: arrived,
      batches: merged.length + 1,
    };
    staged = { blocks: [...kept, block], sequence: sequence + 1 };
    changes.push({ key: block.name, value: encode(block) });
    return changes;
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
        try {
          const name = id(event);
          if (name === undefined) {
            output.push(element);
            continue;
          }
          const hash = hashId(event.tenant, name);
          if (window.add(hash, arrived)) {
            fresh.push(hash.high, hash.low);
            output.push(element);
            continue;
          }
          batch.count("duplicates");
        } catch (error) {
          batch.fail(element, error);
        }
        output.drop(element);
      }
      return output.elements;
    },
    state: {
      load(entries) {
        blocks = entries
          .map(decode)
          .toSorted((a, b) => a.at - b.at || Number(a.name) - Number(b.name));
        arrived = blocks.reduce((newest, { at }) => Math.max(newest, at), -Infinity);
        arrivedBefore = arrived;
        sequence = blocks.reduce((last, { name }) => Math.max(last, Number(name)), 0);
        fill();
      },
      changes: stage,
      keep() {
        fresh = [];
        arrivedBefore = arrived;
        if (staged !== undefined) ({ blocks, sequence } = staged);
        staged = undefined;
      },
      undo() {
        if (fresh.length > 0) fill();
        fresh = [];
        arrived = arrivedBefore;
        staged = undefined;
      },
      size: 0,
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
  // Copied to memory of its own, for a store may hand out a view of something larger.
  const ids = new Uint32Array(Uint8Array.from(value.subarray(headBytes)).buffer);
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
