/** A text, or the bytes of one that hardly anybody asks for: `toString` gives either. */
export type StoredText = string | DeferredText;

/** UTF-8 that becomes a string when it is asked for. */
export class DeferredText {
  private readonly bytes: Buffer;
  private readonly start: number;
  private readonly end: number;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  toString(): string {
    return this.bytes.toString("utf8", this.start, this.end);
  }

  toJSON(): string {
    return this.toString();
  }
}
