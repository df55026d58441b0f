import { EcapError, type StateStore, silentLogger } from "@ecap/sdk";
import { manualClock, memoryStateStore } from "@ecap/sdk/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { createRateLimiter, type RateLimiter } from "../../src/server/rate-limiter.ts";

describe("rate limits that processes share", () => {
  const clock = manualClock();
  let stateStore: StateStore;
  let reads: number;

  beforeEach(() => {
    clock.set(1_000_000);
    reads = 0;
    const memory = memoryStateStore({ clock });
    stateStore = {
      ...memory,
      get: (keys) => {
        reads += 1;
        return memory.get(keys);
      },
    };
  });

  const limiter = (perSecond: number, burst: number, store = stateStore): RateLimiter =>
    createRateLimiter({
      clock,
      stateStore: store,
      logger: silentLogger,
      name: "test",
      perSecond,
      burst,
    });
  it("count to the token where few are allowed, over all processes together", async () => {
    const [one, two] = [limiter(0.2, 10), limiter(0.2, 10)];
    expect((await take(one, 4)) + (await take(two, 4)) + (await take(one, 4))).toBe(10);
    expect(await take(two, 1)).toBe(0);
    clock.advance(4_999);
    expect(await take(one, 1)).toBe(0);
    clock.advance(1);
    expect((await take(one, 2)) + (await take(two, 2))).toBe(1);
    // Another bucket is another.
    expect(await take(one, 12, "other")).toBe(10);
    clock.advance(50_000);
    expect(await take(two, 12)).toBe(10);
  });

  it("let each process past the limit by one lot at most", async () => {
    const processes = Array.from({ length: 4 }, () => limiter(5_000, 10_000));
    let taken = 0;
    for (let round = 0; round < 30; round += 1) {
      const took = await Promise.all(processes.map((each) => take(each, 500)));
      taken += took.reduce((sum, each) => sum + each, 0);
    }
    expect(taken).toBe(10_000);
    clock.advance(1_000);
    taken = 0;
    for (const each of processes) taken += await take(each, 3_000);
    expect(taken).toBe(5_000);
  });

  it("ask the store once in hundreds of requests of a busy sender", async () => {
    const one = limiter(5_000, 10_000);
    for (let i = 0; i < 5_000; i += 1) await one.take("busy");
    expect(reads).toBeLessThanOrEqual(10);
    // Nor for one that is refused.
    expect(await take(one, 5_000, "busy")).toBe(5_000);
    reads = 0;
    for (let i = 0; i < 5_000; i += 1) expect(await take(one, 1, "busy")).toBe(0);
    expect(reads).toBe(1);
  });

  it("are kept by each process for itself while the store does not answer", async () => {
    const broken: StateStore = {
      ...stateStore,
      get: async () => {
        throw new EcapError("ECAP_SERVICE_UNREACHABLE", "nobody is there");
      },
    };
    const one = limiter(0.2, 10, broken);
    expect(await take(one, 30)).toBe(10);
    clock.advance(10_000);
    expect(await take(one, 30)).toBe(2);
  });

  it("keep no name of a bucket, and no bucket that is full again", async () => {
    await limiter(1, 10).take("192.0.2.1");
    const keys: string[] = [];
    for await (const { key } of stateStore.scan("rate/")) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(keys[0]).not.toContain("192");
    clock.advance(1_000);
    for await (const { key } of stateStore.scan("rate/")) expect(key).toBe("none");
  });
});

/** How many of so many at once are let through. */
async function take(from: RateLimiter, times: number, bucket = "b"): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, () => from.take(bucket)));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected")
      expect(outcome.reason).toMatchObject({ code: "ECAP_RATE_LIMITED", retryable: true });
  }
  return outcomes.filter(({ status }) => status === "fulfilled").length;
}
