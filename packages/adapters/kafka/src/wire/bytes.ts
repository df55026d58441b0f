/** Writes the primitive types of the Kafka protocol, big-endian, into a buffer that grows. */
export class ByteWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(sizeHint = 256) {
    this.#buffer = Buffer.allocUnsafe(sizeHint);
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  int8(value: number): this {
    const at = this.#room(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#room(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#room(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: number | bigint): this {
    const at = this.#room(8);
    this.#buffer.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  /** INT16 length and UTF-8; null is length -1. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const length = Buffer.byteLength(value);
    this.int16(length);
    const at = this.#room(length);
    this.#buffer.write(value, at, length);
    return this;
  }

  /** COMPACT_STRING. */
  compactString(value: string): this {
    const length = Buffer.byteLength(value);
    this.uvarint(length + 1);
    const at = this.#room(length);
    this.#buffer.write(value, at, length);
    return this;
  }

  uvarint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.int8(((rest & 0x7f) | 0x80) - 256);
      rest >>>= 7;
    }
    return this.int8(rest);
  }

  /** The bytes alone. */
  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.byteLength);
    this.#buffer.set(bytes, at);
    return this;
  }

  array<T>(items: readonly T[], write: (item: T) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  #room(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, at);
      this.#buffer = larger;
    }
    return at;
  }
}

/** Reads what {@link ByteWriter} writes. */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;
  /** How long the broker wants the client to send nothing. */
  throttleMs = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  throttleTime(): void {
    this.throttleMs = this.int32();
  }

  int8(): number {
    this.#at += 1;
    return this.#buffer.readInt8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#buffer.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#buffer.readInt32BE(this.#at - 4);
  }

  /** Exact up to 2^53: offsets and times never are past it. */
  int64(): number {
    return Number(this.bigint64());
  }

  bigint64(): bigint {
    this.#at += 8;
    return this.#buffer.readBigInt64BE(this.#at - 8);
  }

  string(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.#text(length);
  }

  compactString(): string | null {
    const length = this.uvarint();
    return length === 0 ? null : this.#text(length - 1);
  }

  uvarint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#buffer.readUInt8(this.#at);
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** INT32 length and that many bytes of the same memory; none where the length is -1. */
  bytes(): Buffer {
    const length = Math.max(this.int32(), 0);
    this.#at += length;
    return this.#buffer.subarray(this.#at - length, this.#at);
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, read);
  }

  compactArray<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(this.uvarint() - 1, 0) }, read);
  }

  skipTags(): void {
    for (let tags = this.uvarint(); tags > 0; tags -= 1) {
      this.uvarint();
      this.#at += this.uvarint();
    }
  }

  #text(length: number): string {
    this.#at += length;
    return this.#buffer.toString("utf8", this.#at - length, this.#at);
  }
}
