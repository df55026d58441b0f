import { setTimeout as sleep } from "node:timers/promises";
import { manualClock } from "@ecap/sdk/memory";
import { afterAll, describe, expect, it } from "vitest";
import { clusterNodes, nodesOf, redisUrl, skipReason, testStores } from "./servers.ts";

const key = (i: number): string => `t/{g}/${i}`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(redisUrl === undefined)(`what expires in Redis (${skipReason})`, () => {
  const stores = testStores();
  const names = async ({ client, keyPrefix }: ReturnType<typeof stores.open>): Promise<string[]> =>
    (await Promise.all(nodesOf(client).map((node) => node.keys(`${keyPrefix}*`)))).flat();
  afterAll(() => stores.close());

  it("is removed by Redis itself where the clock is the system's", async () => {
    const store = stores.open();
    const change = { key: "mine", value: bytes("1"), expiresAt: Date.now() + 300 };
    await store.compareAndSet(change, undefined);
    const windows = [{ name: "n", windowMs: 1_000, bucketMs: 100, aggregate: "count" as const }];
    await store.contribute({ key: "mine", id: "1", at: Date.now(), windows, values: [1] });
    const held = await names(store);
    expect(held).toHaveLength(3);
    for (const each of held) {
      const left = await store.client.pttl(each);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(63_000);
    }
    await sleep(310);
    expect(await store.get(["mine"])).toEqual([undefined]);
    await sleep(1_100);
    expect(await names(store)).toHaveLength(2);
  });

  it("stays in Redis where another clock decides, which may go back", async () => {
    const clock = manualClock(1_000);
    const store = stores.open({ clock });
    await store.compareAndSet({ key: "back", value: bytes("1"), expiresAt: 2_000 }, undefined);
    clock.set(2_000);
    expect(await store.get(["back"])).toEqual([undefined]);
    clock.set(1_999);
    expect((await store.get(["back"]))[0]?.value).toEqual(bytes("1"));
  });

  it("is removed from a group by later writes, a hundred fields at a time, unless it was written again", async () => {
    const clock = manualClock(1_000);
    const store = stores.open({ clock });
    const guard = { key: "t/{g}/none", expected: undefined };
    const fields = (): Promise<number> => store.client.hlen(groupKey);
    const changes = Array.from({ length: 250 }, (_, i) => ({
      key: key(i),
      value: bytes(`${i}`),
      expiresAt: 2_000,
    }));
    await store.writeGroup(changes, guard);
    const groupKey = `${store.keyPrefix}g/t/{g}`;
    // Two of them no longer expire then.
    await store.writeGroup([{ key: key(0), value: bytes("kept") }], guard);
    await store.writeGroup([{ key: key(1), value: bytes("later"), expiresAt: 9_000 }], guard);
    expect(await fields()).toBe(250);
    clock.set(3_000);
    for (const left of [151, 51, 3, 3]) {
      await store.writeGroup([{ key: key(999), value: bytes("x") }], guard);
      expect(await fields()).toBe(left);
    }
    const live = await store.get([key(0), key(1), key(2), key(999)]);
    expect(live.map((entry) => entry && new TextDecoder().decode(entry.value))).toEqual([
      "kept",
      "later",
      undefined,
      "x",
    ]);
  });

  it("scans a group of a hundred thousand keys while it grows and shrinks", async () => {
    for (const where of [{}, ...(clusterNodes ? [{ url: undefined, nodes: clusterNodes }] : [])]) {
      const store = stores.open(where);
      const guard = { key: "big/{g}/guard", expected: undefined };
      const write = (from: number, to: number, value: Uint8Array | undefined) =>
        store.writeGroup(
          Array.from({ length: to - from }, (_, i) => ({ key: `big/{g}/${from + i}`, value })),
          guard,
        );
      for (let i = 0; i < 100_000; i += 10_000) await write(i, i + 10_000, bytes("v"));
      const seen = new Map<string, number>();
      let turns = 0;
      for await (const { key: found } of store.scan("big/{g}/")) {
        seen.set(found, (seen.get(found) ?? 0) + 1);
        turns += 1;
        // Those from 20,000 on come and go, so the table is made larger and smaller meanwhile.
        if (turns === 3_000) await write(100_000, 200_000, bytes("new"));
        if (turns === 9_000) await write(20_000, 110_000, undefined);
        if (turns === 12_000) await write(110_000, 200_000, undefined);
      }
      expect(Math.max(...seen.values())).toBe(1);
      for (let i = 0; i < 20_000; i += 1) expect(seen.get(`big/{g}/${i}`)).toBe(1);
    }
  });
});
