import type { EventQueue, QueuedEvent } from "./event-queue.ts";
import { type DeliveryReceipt, readReceipts } from "./receipt.ts";

export interface SenderOptions {
  readonly url: string;
  readonly writeKey: string;
  readonly queue: EventQueue;
  readonly maxBatch: number;
  readonly maxBatchBytes: number;
  readonly timeoutMs: number;
  readonly retryBaseMs: number;
  readonly retryMaxMs: number;
  readonly now: () => number;
  readonly fetch: typeof fetch;
  /** False while nothing may be sent. */
  readonly allowed: () => boolean;
  readonly settle: (receipt: DeliveryReceipt) => void;
}

export interface Sender {
  /** Sends what is queued now, one batch after the other, and again until it is acknowledged or refused for good. */
  send(): void;
  /** Tries again at once, where it waits to. */
  hurry(): void;
  /** Whether the process must stay alive for a retry that is waited for. */
  hold(on: boolean): void;
}

/** Longest a server may make a client wait. */
const maxRetryAfterMs = 300_000;

/** At most one request is under way, and a batch is settled before the next begins, so events arrive in the order they were queued. */
export function createSender(options: SenderOptions): Sender {
  const { queue, settle } = options;
  /** Id of the last event that is to be sent; ids ascend. */
  let due = "";
  let sending = false;
  let attempts = 0;
  let limit = options.maxBatch;
  /** How many wait for everything to be sent. */
  let holders = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function run(): Promise<void> {
    if (sending || timer !== undefined) return;
    sending = true;
    try {
      for (let batch = nextBatch(); batch.length > 0 && options.allowed(); batch = nextBatch()) {
        const waitMs = await deliver(batch);
        if (waitMs > 0) {
          timer = setTimeout(resume, waitMs);
          unreference(timer, holders === 0);
          return;
        }
      }
    } finally {
      sending = false;
    }
  }

  function resume(): void {
    clearTimeout(timer);
    timer = undefined;
    void run();
  }

  function nextBatch(): readonly QueuedEvent[] {
    const ready = queue.events.slice(0, limit).filter(({ id }) => id <= due);
    return upTo(ready, options.maxBatchBytes);
  }

  /** Resolves how long to wait before the next request; 0 where the batch is done with. */
  async function deliver(batch: readonly QueuedEvent[]): Promise<number> {
    let response: Response;
    let body: unknown;
    try {
      response = await options.fetch(options.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          authorization: `Basic ${btoa(`${options.writeKey}:`)}`,
        },
        body: batchBody(batch, options),
        signal: AbortSignal.timeout(options.timeoutMs),
      });
      body = await response.json().catch(() => undefined);
    } catch {
      return backoff();
    }
    const { status } = response;
    if (response.ok) {
      const receipts = readReceipts(body);
      const missing = batch.filter(({ id }) => receipts?.has(id) === false);
      if (missing.length === batch.length) return backoff();
      attempts = 0;
      for (const { id } of batch) {
        const receipt =
          receipts === undefined ? { id, status: "accepted" as const } : receipts.get(id);
        if (receipt !== undefined) settle(receipt);
      }
      return 0;
    }
    if (status === 413 && batch.length > 1) {
      limit = Math.ceil(batch.length / 2);
      return 0;
    }
    if (status === 408 || status === 429 || status >= 500)
      return backoff(response.headers.get("retry-after"));
    attempts = 0;
    for (const { id } of batch) settle({ id, status: "rejected", code: `http_${status}` });
    return 0;
  }

  /** Exponential with jitter, or as long as the server says. */
  function backoff(retryAfter?: string | null): number {
    const own =
      Math.min(options.retryMaxMs, options.retryBaseMs * 2 ** attempts) * (0.5 + Math.random() / 2);
    attempts = Math.min(attempts + 1, 30);
    if (retryAfter == null) return Math.max(1, own);
    const seconds = Number(retryAfter);
    const asked = Number.isNaN(seconds) ? Date.parse(retryAfter) - options.now() : seconds * 1000;
    return Math.max(1, own, Math.min(maxRetryAfterMs, asked || 0));
  }

  return {
    send() {
      due = queue.events.at(-1)?.id ?? due;
      void run();
    },
    hurry() {
      if (timer !== undefined) resume();
    },
    hold(on) {
      holders += on ? 1 : -1;
      if (timer !== undefined) unreference(timer, holders === 0);
    },
  };
}

/** The first events, at least one, that fit the size. Characters past ASCII take up to three bytes, which the server's limit leaves room for. */
export function upTo(events: readonly QueuedEvent[], maxBytes: number): readonly QueuedEvent[] {
  let bytes = 0;
  const end = events.findIndex(({ json }, index) => {
    bytes += json.length + 1;
    return index > 0 && bytes > maxBytes;
  });
  return end < 0 ? events : events.slice(0, end);
}

export function batchBody(
  batch: readonly QueuedEvent[],
  { writeKey, now }: Pick<SenderOptions, "writeKey" | "now">,
): string {
  const rest = JSON.stringify({ writeKey, sentAt: new Date(now()).toISOString() });
  return `{"batch":[${batch.map(({ json }) => json).join(",")}],${rest.slice(1)}`;
}

/** In Node a timer keeps the process alive unless it is told not to. */
export function unreference(timer: ReturnType<typeof setTimeout>, yes: boolean): void {
  if (typeof timer !== "object") return;
  if (yes) timer.unref();
  else timer.ref();
}
