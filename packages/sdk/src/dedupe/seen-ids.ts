import { uuidv7 } from "../events/uuid.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog, LogRecord } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { type IdHash, IdWindow, type IdWindowOptions } from "./id-window.ts";

export interface SeenIdsOptions extends IdWindowOptions {
  /** Names the blocks in the state store; one owner a name. */
  readonly name: string;
  readonly stateStore: StateStore;
  readonly eventLog: EventLog;
  readonly topics: readonly string[];
  readonly clock: Clock;
  /** The ids a record of the log stands for. */
  readonly identify: (record: LogRecord) => readonly IdHash[];
  /** Ids a block in the state store. Default 8,192. */
  readonly blockIds?: number;
}

const defaultBlockIds = 8_192;

/**
 * The ids of what stands in the log, as far back as the window reaches. The log is the truth: the packed blocks in the state store only spare reading it
 * again, and what came after the last block is read from the log on restore. So an id is known after a crash exactly if its event was appended.
 */
export class SeenIds {
  readonly #options: SeenIdsOptions;
  readonly #window: IdWindow;
  /** Offsets after the last id added, by topic/partition, and those of the last but one block: ids before it stand in blocks. */
  readonly #reached = new Map<string, number>();
  #covered = new Map<string, number>();
  /** Halves of the ids that stand in no block yet, and at how many of them the next block is written. */
  #unsaved: number[] = [];
  #fullAt: number;
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: SeenIdsOptions) {
    this.#options = options;
    this.#window = new IdWindow(options);
    this.#fullAt = this.#blockHalves;
  }

  static async restore(options: SeenIdsOptions): Promise<SeenIds> {
    const seen = new SeenIds(options);
    await seen.#readBlocks();
    await seen.#readLog();
    return seen;
  }

  get size(): number {
    return this.#window.size;
  }

  get forgottenEarly(): number {
    return this.#window.forgottenEarly;
  }

  has(hash: IdHash): boolean {
    return this.#window.has(hash, this.#options.clock.now());
  }

  /** Marks the id of a record that is durable at this place. */
  add(hash: IdHash, topic: string, partition: number, offset: number): void {
    const place = `${topic}/${partition}`;
    if (offset >= (this.#reached.get(place) ?? 0)) this.#reached.set(place, offset + 1);
    if (!this.#window.add(hash, this.#options.clock.now())) return;
    this.#unsaved.push(hash.high, hash.low);
    if (this.#unsaved.length < this.#fullAt) return;
    this.#fullAt = Number.POSITIVE_INFINITY;
    this.#saving = this.#saving.then(() => this.#writeBlock()).catch(() => {});
  }

  get #blockHalves(): number {
    return 2 * (this.#options.blockIds ?? defaultBlockIds);
  }

  /** Writes the last block, so that a restart need not read the log. */
  async close(): Promise<void> {
    await this.#saving;
    await this.#writeBlock();
    await this.#writeBlock();
    await this.#options.stateStore.flush();
  }

  async #writeBlock(): Promise<void> {
    const ids = this.#unsaved;
    this.#unsaved = [];
    this.#fullAt = this.#blockHalves;
    try {
      await this.#store(ids);
    } catch (error) {
      // They go into a later block; until then the log is read from further back, so nothing is forgotten.
      this.#unsaved = [...ids, ...this.#unsaved].slice(-2 * this.#options.maxIds);
      this.#fullAt = this.#unsaved.length + this.#blockHalves;
      throw error;
    }
  }

  async #store(ids: readonly number[]): Promise<void> {
    const { name, stateStore, clock, windowMs } = this.#options;
    const now = clock.now();
    if (ids.length > 0) {
      const block = new Uint8Array(8 + ids.length * 4);
      const view = new DataView(block.buffer);
      view.setFloat64(0, now, true);
      ids.forEach((half, index) => view.setUint32(8 + index * 4, half, true));
      const key = `dedupe/${name}/block/${uuidv7(now)}`;
      await stateStore.compareAndSet({ key, value: block, expiresAt: now + windowMs }, undefined);
    }
    // Appends that ended in another order than they began may still mark older offsets, so the log is read again from one block further back.
    const covered = new TextEncoder().encode(JSON.stringify(Object.fromEntries(this.#covered)));
    const [entry] = await stateStore.get([`dedupe/${name}/covered`]);
    await stateStore.compareAndSet(
      { key: `dedupe/${name}/covered`, value: covered },
      entry?.version,
    );
    this.#covered = new Map(this.#reached);
  }

  async #readBlocks(): Promise<void> {
    const { name, stateStore } = this.#options;
    const blocks: DataView[] = [];
    for await (const { value } of stateStore.scan(`dedupe/${name}/block/`))
      blocks.push(new DataView(value.buffer, value.byteOffset, value.byteLength));
    blocks.sort((a, b) => a.getFloat64(0, true) - b.getFloat64(0, true));
    for (const block of blocks) {
      const seenAt = block.getFloat64(0, true);
      for (let at = 8; at < block.byteLength; at += 8)
        this.#window.add(
          { high: block.getUint32(at, true), low: block.getUint32(at + 4, true) },
          seenAt,
        );
    }
    const [entry] = await stateStore.get([`dedupe/${name}/covered`]);
    if (entry !== undefined) {
      const offsets = JSON.parse(new TextDecoder().decode(entry.value)) as Record<string, number>;
      this.#covered = new Map(Object.entries(offsets));
    }
  }

  async #readLog(): Promise<void> {
    const { eventLog, topics, identify, maxIds } = this.#options;
    for (const topic of topics) {
      for (const { partition, earliest, next } of await eventLog.offsets(topic)) {
        const place = `${topic}/${partition}`;
        const from = Math.max(earliest, this.#covered.get(place) ?? next - maxIds);
        for (let offset = from; offset < next; ) {
          const records = await eventLog.read(topic, partition, offset, { maxRecords: 10_000 });
          const last = records.at(-1);
          if (last === undefined) break;
          for (const record of records)
            for (const hash of identify(record)) this.add(hash, topic, partition, record.offset);
          offset = last.offset + 1;
        }
        this.#reached.set(place, Math.max(next, this.#reached.get(place) ?? 0));
      }
    }
  }
}
