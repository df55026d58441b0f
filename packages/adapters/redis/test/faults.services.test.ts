import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import { type RedisStateStore, redisStateStore } from "../src/index.ts";
import { redisUrl, skipReason } from "./servers.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const windows = [{ name: "n", windowMs: 3_600_000, bucketMs: 60_000, aggregate: "count" as const }];
const unreachable = { code: "ECAP_SERVICE_UNREACHABLE", retryable: true };

// The Redis that faults is the test's own; that one runs here says that it can be started.
describe.skipIf(redisUrl === undefined)(`faults of Redis (${skipReason})`, () => {
  let services: OwnServices;
  let url: string;
  const stores: RedisStateStore[] = [];
  const open = (options: Partial<Parameters<typeof redisStateStore>[0]> = {}): RedisStateStore => {
    const store = redisStateStore({ url, commandTimeoutMs: 500, ...options });
    stores.push(store);
    return store;
  };
  const openAdmin = async (): Promise<RedisStateStore["client"]> => {
    const store = open();
    await store.get(["any"]);
    return store.client;
  };

  beforeAll(async () => {
    services = await ownServices(["redis"]);
    url = services.env["ECAP_TEST_REDIS_URL"] ?? "";
  });
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await services.close();
  });

  it("goes on after Redis was killed and came back, with nothing lost and nothing counted twice", async () => {
    const store = open();
    const ids = Array.from({ length: 400 }, (_, i) => `e${i}`);
    let failures = 0;
    const contribute = async (id: string): Promise<void> => {
      for (;;) {
        try {
          await store.contribute({ key: "killed", id, at: Date.now(), windows, values: [1] });
          return;
        } catch (error) {
          expect(error).toMatchObject(unreachable);
          failures += 1;
          await sleep(20);
        }
      }
    };
    const working = (async () => {
      for (let i = 0; i < ids.length; i += 4) {
        await Promise.all(ids.slice(i, i + 4).map(contribute));
        await sleep(5);
      }
    })();
    await sleep(150);
    await services.control.kill("redis");
    await sleep(1_000);
    await services.control.restart("redis");
    await working;
    expect(failures).toBeGreaterThan(0);
    const totals = await store.contribute({
      key: "killed",
      id: "last",
      at: Date.now(),
      windows,
      values: [1],
    });
    expect(totals.before).toEqual([ids.length]);
  });

  it("takes each version once, though connections break between a write and its answer", async () => {
    const store = open();
    const breaker = setInterval(() => {
      if (store.client.status === "ready") store.client.disconnect(true);
    }, 15);
    let wins = 0;
    let unknown = 0;
    try {
      for (let round = 0; round < 300; round += 1) {
        try {
          const [entry] = await store.get(["broken"]);
          const value = bytes(`${round}`);
          const version = await store.compareAndSet({ key: "broken", value }, entry?.version);
          // Nobody else writes: whatever resolves must have won.
          expect(version).toBeDefined();
          wins += 1;
        } catch (error) {
          expect(error).toMatchObject(unreachable);
          unknown += 1;
        }
      }
    } finally {
      clearInterval(breaker);
    }
    expect(wins).toBeGreaterThan(0);
    expect(unknown).toBeGreaterThan(0);
  });

  it("says within its time limit that a paused Redis does not answer, and recovers", async () => {
    const store = open();
    await store.compareAndSet({ key: "paused", value: bytes("1") }, undefined);
    await services.control.pause("redis");
    try {
      // Before and after the client gives the connection up.
      for (const wait of [0, 1_500, 0]) {
        await sleep(wait);
        const begun = performance.now();
        await expect(store.get(["paused"])).rejects.toMatchObject(unreachable);
        await expect(
          store.contribute({ key: "p", id: "1", at: 1, windows, values: [1] }),
        ).rejects.toMatchObject(unreachable);
        expect(performance.now() - begun).toBeLessThan(5_000);
      }
    } finally {
      await services.control.resume("redis");
    }
    expect(await eventually(async () => (await store.get(["paused"]))[0]?.value)).toEqual(
      bytes("1"),
    );
  });

  it("says that nothing listens, and connects once something does", async () => {
    await services.control.kill("redis");
    const store = open();
    await expect(store.get(["a"])).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining("ECONNREFUSED"),
    });
    await services.control.restart("redis");
    expect(await eventually(() => store.get(["nothing"]))).toEqual([undefined]);
  });

  it("lets no more calls wait than it is told", async () => {
    await services.control.pause("redis");
    try {
      const store = open({ maxPending: 50 });
      const outcomes = await Promise.allSettled(
        Array.from({ length: 200 }, () => store.get(["a"])),
      );
      const codes = outcomes.map((each) =>
        each.status === "rejected" ? (each.reason as { code: string }).code : "",
      );
      expect(codes.filter((code) => code === "ECAP_OVERLOADED")).toHaveLength(150);
      expect(codes.filter((code) => code === unreachable.code)).toHaveLength(50);
    } finally {
      await services.control.resume("redis");
    }
  });

  it("refuses writes at maxmemory and says so, and still reads and removes", async () => {
    const store = open();
    const kept = await eventually(() =>
      store.compareAndSet({ key: "full/{g}/a", value: bytes("1") }, undefined),
    );
    await store.contribute({ key: "full", id: "1", at: Date.now(), windows, values: [1] });
    await store.client.config("SET", "maxmemory", "1");
    const full = { code: "ECAP_STORAGE_FULL", retryable: true };
    try {
      for (const key of ["full/b", "full/{g}/b"]) {
        const change = { key, value: bytes("2") };
        await expect(store.compareAndSet(change, undefined)).rejects.toMatchObject(full);
      }
      for (const key of ["full", "full of nothing"]) {
        const contribution = { key, id: "2", at: Date.now(), windows, values: [1] };
        await expect(store.contribute(contribution)).rejects.toMatchObject(full);
      }
      expect((await store.get(["full/{g}/a"]))[0]?.version).toBe(kept);
      const removed = await store.compareAndSet({ key: "full/{g}/a", value: undefined }, kept);
      expect(removed).toBeDefined();
    } finally {
      await store.client.config("SET", "maxmemory", "0");
    }
    const again = { key: "full", id: "2", at: Date.now(), windows, values: [1] };
    expect(await store.contribute(again)).toMatchObject({ applied: true, before: [1] });
  });

  it("refuses a server that may evict state, unless that is wanted", async () => {
    const admin = await openAdmin();
    await admin.config("SET", "maxmemory", "1gb");
    await admin.config("SET", "maxmemory-policy", "allkeys-lru");
    try {
      await expect(open().get(["a"])).rejects.toMatchObject({ code: "ECAP_CONFIG_INVALID" });
      expect(await open({ allowEviction: true }).get(["a"])).toEqual([undefined]);
    } finally {
      await admin.config("SET", "maxmemory-policy", "noeviction");
      await admin.config("SET", "maxmemory", "0");
    }
  });

  it("names wrong credentials, and shows none", async () => {
    const admin = await openAdmin();
    await admin.config("SET", "requirepass", "a right password");
    try {
      const wrong = new URL(url);
      wrong.password = "wrongsecret";
      for (const given of [wrong.href, url]) {
        const refused = await open({ url: given })
          .get(["a"])
          .catch((error: unknown) => error);
        expect(refused).toMatchObject({ code: "ECAP_CONFIG_INVALID" });
        const { stack, cause } = refused as Error;
        expect(`${stack} ${JSON.stringify(cause)} ${(cause as Error).stack}`).not.toContain(
          "wrongsecret",
        );
      }
      expect(await open({ password: "a right password" }).get(["a"])).toEqual([undefined]);
    } finally {
      await admin.config("SET", "requirepass", "");
    }
  });

  it("tells when too few replicas have what was written", async () => {
    const store = open({ waitReplicas: 1 });
    await store.compareAndSet({ key: "replicated", value: bytes("1") }, undefined);
    await expect(store.flush()).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringContaining("0 of 1 replicas"),
    });
    await open().flush();
  });

  it("does nothing after it was closed", async () => {
    const store = open();
    await store.get(["a"]);
    await store.close();
    await expect(store.get(["a"])).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
    await expect(store.flush()).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
    expect(store.client.status).toBe("end");
  });
});

async function eventually<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let i = 0; ; i += 1) {
    try {
      return await call();
    } catch (error) {
      if (i > 50) throw error;
      await sleep(100);
    }
  }
}
