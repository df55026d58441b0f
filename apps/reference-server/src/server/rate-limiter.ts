import { createHash } from "node:crypto";
import { type Clock, EcapError, type Logger, type StateStore } from "@ecap/sdk";

export interface RateLimiter {
  /** Takes a token of the bucket; ECAP_RATE_LIMITED where it is empty. Without a wait as long as this process has tokens of it. */
  take(bucket: string): Promise<void>;
}

export interface RateLimiterOptions {
  readonly clock: Clock;
  /** Where the buckets are; processes that share it share them. */
  readonly stateStore: StateStore;
  readonly logger: Logger;
  /** Part of the buckets' keys. */
  readonly name: string;
  readonly perSecond: number;
  readonly burst: number;
}

/** A shared bucket. */
interface Bucket {
  readonly tokens: number;
  /** When it held them. */
  readonly at: number;
}

/** What this process took out of a bucket and has not spent. */
interface Purse {
  tokens: number;
  /** Until then the bucket holds no token, whatever the others do. */
  emptyUntil: number;
  waiting: number;
  refill: Promise<number> | undefined;
}

const maxPurses = 50_000;
const maxTries = 8;

/**
 * Token buckets in the state store: `burst` at once, refilled at `perSecond`. A process takes tokens in lots and spends them by itself, so that a
 * busy sender costs a round trip now and then and not one a request, and neither does one that is refused; lots that are not spent let each process past the limit by one lot at most. While
 * the store does not answer, each process limits by itself. At most 50,000 purses are kept.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { clock, stateStore, logger, name, perSecond, burst } = options;
  const lot = lotOf(options);
  const purses = new Map<string, Purse>();
  const alone = createBuckets(options);

  async function takeShared(bucket: string, purse: Purse, wanted: number): Promise<number> {
    const key = `rate/${name}/${createHash("sha256").update(bucket).digest("base64url")}`;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const [entry] = await stateStore.get([key]);
      const now = clock.now();
      const { tokens } = refilled(entry && decode(entry.value), now, options);
      const taken = Math.min(wanted, Math.floor(tokens));
      if (taken === 0) {
        purse.emptyUntil = now + ((1 - tokens) / perSecond) * 1_000;
        return 0;
      }
      const left = { tokens: tokens - taken, at: now };
      // A full bucket is one that is not there.
      const expiresAt = now + Math.ceil(((burst - left.tokens) / perSecond) * 1_000);
      const change = { key, value: encode(left), expiresAt };
      if ((await stateStore.compareAndSet(change, entry?.version)) !== undefined) return taken;
    }
    // So many at once that none of them gets through is too many.
    return 0;
  }

  async function refill(bucket: string, purse: Purse): Promise<number> {
    const wanted = Math.min(burst, Math.max(lot, purse.waiting));
    try {
      return await takeShared(bucket, purse, wanted);
    } catch (error) {
      logger.warn({ limiter: name, error: String(error) }, "the shared rate limit is not at hand");
      return alone(bucket, wanted);
    } finally {
      purse.refill = undefined;
    }
  }

  function purseOf(bucket: string): Purse {
    let purse = purses.get(bucket);
    if (purse === undefined) {
      if (purses.size >= maxPurses) forgetIdle(purses);
      purse = { tokens: 0, emptyUntil: -Infinity, waiting: 0, refill: undefined };
      purses.set(bucket, purse);
    }
    return purse;
  }

  const limited = (): EcapError =>
    new EcapError("ECAP_RATE_LIMITED", `more than ${perSecond} requests a second`);

  return {
    async take(bucket) {
      const purse = purseOf(bucket);
      while (purse.tokens < 1) {
        const emptyMs = purse.emptyUntil - clock.now();
        // Never longer, should the clock be set back.
        if (emptyMs > 0 && emptyMs <= 1_000 / perSecond) throw limited();
        purse.waiting += 1;
        let taken: number;
        try {
          purse.refill ??= refill(bucket, purse).then((tokens) => {
            purse.tokens += tokens;
            return tokens;
          });
          taken = await purse.refill;
        } finally {
          purse.waiting -= 1;
        }
        if (taken === 0) throw limited();
      }
      purse.tokens -= 1;
    },
  };
}

/** A tenth of a second's tokens, and a twentieth of the burst at most: one, where few are allowed, so that these are counted to the token. */
function lotOf({ perSecond, burst }: RateLimiterOptions): number {
  return Math.max(1, Math.floor(Math.min(perSecond / 10, burst / 20)));
}

function refilled(
  bucket: Bucket | undefined,
  now: number,
  { perSecond, burst }: Pick<RateLimiterOptions, "perSecond" | "burst">,
): Bucket {
  if (bucket === undefined) return { tokens: burst, at: now };
  const more = (Math.max(0, now - bucket.at) / 1_000) * perSecond;
  return { tokens: Math.min(burst, bucket.tokens + more), at: now };
}

/** The same buckets in memory: takes what there is of what is wanted. */
function createBuckets(options: RateLimiterOptions): (bucket: string, wanted: number) => number {
  const buckets = new Map<string, Bucket>();
  return (name, wanted) => {
    const { tokens, at } = refilled(buckets.get(name), options.clock.now(), options);
    const taken = Math.min(wanted, Math.floor(tokens));
    if (!buckets.has(name) && buckets.size >= maxPurses) buckets.clear();
    buckets.set(name, { tokens: tokens - taken, at });
    return taken;
  };
}

/** Purses that nobody waits for; what they held is lost to this process, and comes back to the bucket with time. */
function forgetIdle(purses: Map<string, Purse>): void {
  for (const [name, { waiting }] of purses) if (waiting === 0) purses.delete(name);
}

function encode({ tokens, at }: Bucket): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([tokens, at]));
}

function decode(value: Uint8Array): Bucket {
  const [tokens, at] = JSON.parse(new TextDecoder().decode(value)) as [number, number];
  return { tokens, at };
}
