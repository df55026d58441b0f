import { type Clock, EcapError } from "@ecap/sdk";

export interface RateLimiter {
  /** Takes a token of the bucket; ECAP_RATE_LIMITED where it is empty. */
  take(bucket: string): void;
}

/** Token buckets in memory: `burst` at once, refilled at `perSecond`. At most 50,000 buckets are kept; full ones are forgotten first. */
export function createRateLimiter({
  clock,
  perSecond,
  burst,
}: {
  clock: Clock;
  perSecond: number;
  burst: number;
}): RateLimiter {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const maxBuckets = 50_000;

  function forgetFull(now: number): void {
    for (const [name, { tokens, at }] of buckets)
      if (tokens + ((now - at) / 1000) * perSecond >= burst) buckets.delete(name);
    if (buckets.size >= maxBuckets) buckets.clear();
  }

  return {
    take(name) {
      const now = clock.now();
      const bucket = buckets.get(name) ?? { tokens: burst, at: now };
      bucket.tokens = Math.min(
        burst,
        bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond,
      );
      bucket.at = now;
      if (bucket.tokens < 1)
        throw new EcapError("ECAP_RATE_LIMITED", `more than ${perSecond} requests a second`);
      bucket.tokens -= 1;
      if (!buckets.has(name) && buckets.size >= maxBuckets) forgetFull(now);
      buckets.set(name, bucket);
    },
  };
}
