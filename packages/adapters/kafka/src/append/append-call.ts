import type { NewLogRecord } from "@ecap/sdk";

export interface Position {
  readonly partition: number;
  offset: number;
}

/** One call of `append`: resolves when all its records have their offsets. */
export interface AppendCall {
  readonly positions: readonly Position[];
  readonly bytes: number;
  readonly enqueuedAt: number;
  /** Records without an offset. */
  waiting: number;
  settled: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The records of one call for one partition, with their places in the call. */
export interface AppendPart {
  readonly call: AppendCall;
  readonly records: readonly NewLogRecord[];
  /** Undefined where the part is the whole call, in order. */
  readonly places: readonly number[] | undefined;
  /** Bound of the bytes the records take. */
  readonly bound: number;
  /** Records before it are in a batch. */
  sent: number;
}

/** Records of one part in one batch. */
export interface BatchSpan {
  readonly part: AppendPart;
  readonly from: number;
  readonly to: number;
}

/** Gives the records of a batch their offsets, from `baseOffset` on. */
export function settleSpans(spans: readonly BatchSpan[], baseOffset: number): void {
  let offset = baseOffset;
  for (const { part, from, to } of spans) {
    const { call, places } = part;
    for (let i = from; i < to; i += 1) {
      const place = places === undefined ? i : (places[i] as number);
      (call.positions[place] as Position).offset = offset;
      offset += 1;
    }
    call.waiting -= to - from;
    if (call.waiting > 0 || call.settled) continue;
    call.settled = true;
    call.resolve();
  }
}

export function failCall(call: AppendCall, error: unknown): void {
  if (call.settled) return;
  call.settled = true;
  call.reject(error);
}
