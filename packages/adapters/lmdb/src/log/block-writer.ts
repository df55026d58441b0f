import { crc32 } from "node:zlib";
import { EcapError, type NewLogRecord } from "@ecap/sdk";
import { blockFormat } from "./block-format.ts";

const firstCapacity = 64 * 1024;
const none: Readonly<Record<string, string>> = {};

/** Packs records into the bytes of one block; reusable after `reset`. */
export class BlockWriter {
  count = 0;
  valueBytes = 0;
  #bytes = Buffer.allocUnsafeSlow(firstCapacity);
  #view = new DataView(this.#bytes.buffer);
  #at: number = blockFormat.headLength;
  readonly #headers = new Map<object, number>();
  #lastHeaders: object | undefined;
  #lastIndex = 0;

  get length(): number {
    return this.#at;
  }

  add({ key, value, headers = none, timestamp }: NewLogRecord): void {
    const start = this.#at;
    const keyRoom = key === undefined ? 0 : key.length * 3;
    this.#reserve(blockFormat.frameLength + keyRoom + value.length);
    let at = start + blockFormat.frameLength;
    const view = this.#view;
    if (key === undefined) view.setUint32(start + 4, 0, true);
    else {
      const keyLength = writeText(this.#bytes, key, at);
      view.setUint32(start + 4, keyLength + 1, true);
      at += keyLength;
    }
    view.setUint32(start, value.length, true);
    view.setFloat64(start + 8, timestamp, true);
    view.setUint32(start + 16, this.#headersIndex(headers), true);
    this.#bytes.set(value, at);
    this.#at = at + value.length;
    this.count += 1;
    this.valueBytes += value.length;
  }

  /** The block's bytes; valid until `reset`. */
  finish(appendedAt: number): Buffer {
    const headersAt = this.#at;
    const texts = [...this.#headers.keys()].map((headers) => Buffer.from(JSON.stringify(headers)));
    this.#reserve(texts.reduce((length, text) => length + 4 + text.length, 4));
    this.#view.setUint32(headersAt, texts.length, true);
    let at = headersAt + 4;
    for (const text of texts) {
      this.#view.setUint32(at, text.length, true);
      this.#bytes.set(text, at + 4);
      at += 4 + text.length;
    }
    const view = this.#view;
    view.setUint32(4, blockFormat.version, true);
    view.setFloat64(8, appendedAt, true);
    view.setUint32(16, this.count, true);
    view.setUint32(20, headersAt, true);
    const block = this.#bytes.subarray(0, at);
    view.setUint32(0, crc32(block.subarray(4)), true);
    return block;
  }

  reset(): void {
    this.count = 0;
    this.valueBytes = 0;
    this.#at = blockFormat.headLength;
    this.#headers.clear();
    this.#lastHeaders = undefined;
  }

  #headersIndex(headers: object): number {
    if (headers === this.#lastHeaders) return this.#lastIndex;
    let index = this.#headers.get(headers);
    if (index === undefined) {
      index = this.#headers.size;
      this.#headers.set(headers, index);
    }
    this.#lastHeaders = headers;
    this.#lastIndex = index;
    return index;
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    if (needed > blockFormat.maxLength) {
      throw new EcapError("ECAP_EVENT_TOO_LARGE", "a record of more than 1 GB", { received: more });
    }
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Writes UTF-8 and returns its length; most keys are short ASCII, for which a loop beats the native call. */
function writeText(bytes: Buffer, text: string, at: number): number {
  if (text.length > 64) return bytes.write(text, at);
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return bytes.write(text, at);
    bytes[at + i] = code;
  }
  return text.length;
}
