import { setTimeout as sleep } from "node:timers/promises";

/** A client as one should be: sends numbered orders, each batch until every event of it has a receipt, and waits as long as it is told to. */
export interface ShopFeed {
  /** How many orders have a receipt; once it is stopped, those numbered from 0 to here. */
  acknowledged(): number;
  /** When the last receipt came, by `performance.now()`. */
  acknowledgedAt(): number;
  /** Batches whose first attempt failed after it may have been taken. */
  repeated(): number;
  /** How often each answer came: a status, or what the connection did. */
  readonly answers: ReadonlyMap<string, number>;
  /** Answers of 429 and 503 without Retry-After. */
  withoutRetryAfter(): number;
  /** Answers to what could not be taken that say no retry helps. */
  readonly refusals: readonly string[];
  stop(): Promise<void>;
}

export interface ShopFeedOptions {
  readonly url: () => string;
  readonly key: string;
  readonly senders?: number;
  readonly batchSize?: number;
  readonly everyMs?: number;
  /** Begins the ids. Default "shop". */
  readonly name?: string;
  /** Bytes an order has beside what it needs. */
  readonly padding?: number;
}

const answerWithinMs = 45_000;

export function startShopFeed(options: ShopFeedOptions): ShopFeed {
  const { key, senders = 4, batchSize = 10, everyMs = 100, name = "shop" } = options;
  const note = "x".repeat(options.padding ?? 0);
  const answers = new Map<string, number>();
  const refusals: string[] = [];
  const stopped = new AbortController();
  let next = 0;
  let acknowledged = 0;
  let acknowledgedAt = 0;
  let repeated = 0;
  let withoutRetryAfter = 0;

  const count = (answer: string): void => void answers.set(answer, (answers.get(answer) ?? 0) + 1);

  /** Resolves undefined where the batch was taken, else how long to wait. */
  async function post(body: string): Promise<number | undefined> {
    const response = await fetch(`${options.url()}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = await response.text();
    count(response.ok ? "200" : `${response.status} ${codeOf(text)}`);
    if (response.ok) {
      const { receipts }: { receipts: ReadonlyArray<{ status: string }> } = JSON.parse(text);
      const isTaken = receipts.every(
        ({ status }) => status === "accepted" || status === "duplicate",
      );
      if (!isTaken) refusals.push(text.slice(0, 300));
      return undefined;
    }
    if (response.status !== 429 && response.status !== 503) refusals.push(text.slice(0, 300));
    const after = response.headers.get("retry-after");
    if (after === null) withoutRetryAfter += 1;
    return Number(after ?? 1) * 1_000;
  }

  async function deliver(first: number): Promise<void> {
    const body = JSON.stringify(
      Array.from({ length: batchSize }, (_, i) => order(`${name}-${first + i}`, note)),
    );
    for (let attempts = 1; ; attempts += 1) {
      let waitMs: number | undefined;
      try {
        waitMs = await post(body);
      } catch (error) {
        count(error instanceof Error ? error.name : "no answer");
        waitMs = 500;
      }
      if (waitMs === undefined) break;
      if (attempts === 1) repeated += 1;
      await sleep(waitMs);
    }
    acknowledged += batchSize;
    acknowledgedAt = performance.now();
  }

  async function send(): Promise<void> {
    while (!stopped.signal.aborted) {
      const first = next;
      next += batchSize;
      await deliver(first);
      await sleep(everyMs);
    }
  }

  const sending = Array.from({ length: senders }, send);
  return {
    acknowledged: () => acknowledged,
    acknowledgedAt: () => acknowledgedAt,
    repeated: () => repeated,
    answers,
    withoutRetryAfter: () => withoutRetryAfter,
    refusals,
    async stop() {
      stopped.abort();
      await Promise.all(sending);
    },
  };
}

function order(id: string, note: string) {
  const number = Number(id.split("-")[1]);
  return {
    id: `event-${id}`,
    type: "order.completed",
    time: new Date().toISOString(),
    actor: { customerId: `c${number % 97}` },
    data: {
      order_id: id,
      ...(note !== "" && { note }),
      currency: "EUR",
      products: [{ product_id: `p${number % 13}`, price: "9.90", quantity: 1 }],
    },
  };
}

function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { readonly code?: string }).code);
  } catch {
    return "no problem document";
  }
}
