import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { manualClock } from "@ecap/sdk/memory";
import { readTopic, textOf, textRecord } from "@ecap/sdk/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lmdbStore } from "../src/index.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ecap-lmdb-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("one process at a time", () => {
  it("refuses a directory in use and names the process", async () => {
    const store = lmdbStore({ dir });
    const message = expect.stringContaining(String(process.pid));
    expect(() => lmdbStore({ dir })).toThrow(
      expect.objectContaining({ code: "ECAP_LOCKED", message }),
    );
    await store.close();
    await lmdbStore({ dir }).close();
  });

  it.each([
    ["of a dead process", { pid: deadPid(), startedAt: "1" }],
    ["of a pid that was given out again", { pid: process.ppid, startedAt: "1" }],
    ["that makes no sense", "{"],
  ])("takes over a lock %s", async (_, owner) => {
    if (!existsSync("/proc/self/stat")) return;
    const text = typeof owner === "string" ? owner : JSON.stringify(owner);
    writeFileSync(join(dir, "ecap.lock"), text);
    await lmdbStore({ dir }).close();
    expect(existsSync(join(dir, "ecap.lock"))).toBe(false);
  });

  it("says that it was closed", async () => {
    const store = lmdbStore({ dir });
    await store.eventLog.createTopic("t", { partitions: 1 });
    await store.close();
    const closed = { code: "ECAP_STORAGE_CLOSED" };
    await expect(store.eventLog.append("t", [textRecord("a")])).rejects.toMatchObject(closed);
    await expect(store.stateStore.get(["a"])).rejects.toMatchObject(closed);
    await expect(store.committer.claim("a", "t", 0)).rejects.toMatchObject(closed);
  });
});

describe("damage", () => {
  it("names topic, partition and offset of a block whose checksum is wrong", async () => {
    const { eventLog, environment, close } = lmdbStore({ dir });
    await eventLog.createTopic("orders", { partitions: 1 });
    for (const text of ["a", "b", "c"]) await eventLog.append("orders", [textRecord(text)]);
    const key = [1, 0, 1];
    const block = environment.blocks.getBinary(key);
    if (block === undefined) throw new Error("no block at offset 1");
    block[block.length - 20] = (block[block.length - 20] ?? 0) ^ 1;
    await environment.blocks.put(key, block);
    expect((await eventLog.read("orders", 0, 2)).map(textOf)).toEqual(["c"]);
    await expect(eventLog.read("orders", 0, 1)).rejects.toMatchObject({
      code: "ECAP_STORAGE_CORRUPT",
      received: { topic: "orders", partition: 0, offset: 1 },
    });
    await close();
  });

  it("says so of a file that is no environment, and lets go of the directory", async () => {
    writeFileSync(join(dir, "data.mdb"), Buffer.alloc(100_000, "junk"));
    for (const _ of [1, 2]) {
      expect(() => lmdbStore({ dir })).toThrow(
        expect.objectContaining({ code: "ECAP_STORAGE_CORRUPT" }),
      );
    }
  });

  it("says so of a file that was cut short", async () => {
    const store = lmdbStore({ dir });
    await store.eventLog.createTopic("orders", { partitions: 1 });
    for (let i = 0; i < 20; i += 1)
      await store.eventLog.append("orders", [textRecord("x".repeat(9_000))]);
    await store.close();
    truncateSync(join(dir, "data.mdb"), 100_000);
    expect(() => lmdbStore({ dir })).toThrow(
      expect.objectContaining({ code: "ECAP_STORAGE_CORRUPT" }),
    );
  });

  it("says that it is overloaded before it holds more than it may", async () => {
    const { eventLog, close } = lmdbStore({ dir, maxWaitingBytes: 1_000 });
    await eventLog.createTopic("orders", { partitions: 1 });
    const large = textRecord("x".repeat(900));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 4 }, () => eventLog.append("orders", [large])),
    );
    const refused = outcomes.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    expect(refused).toEqual([1, 2].map(() => expect.objectContaining({ code: "ECAP_OVERLOADED" })));
    await eventLog.append("orders", [large]);
    expect(await readTopic(eventLog, "orders")).toHaveLength(3);
    await close();
  });

  it("says that the disk is full, keeps what was acknowledged, and goes on when there is room", async (context) => {
    const disk = join(dir, "disk");
    mkdirSync(disk);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=12m", "tmpfs", disk]);
    if (mounted.status !== 0) {
      context.skip("mounting a small disk needs root");
      return;
    }
    try {
      const { eventLog, stateStore, committer, environment, close } = lmdbStore({
        dir: join(disk, "data"),
      });
      await eventLog.createTopic("orders", { partitions: 1 });
      const acknowledged: number[] = [];
      let failure: unknown;
      for (let i = 0; i < 100; i += 1) {
        if (failure !== undefined) break;
        await eventLog.append("orders", [textRecord(`${i}`.padEnd(300_000, "."))]).then(
          ([position]) => acknowledged.push(position?.offset ?? -1),
          (error: unknown) => {
            failure = error;
          },
        );
      }
      expect(failure).toMatchObject({ code: "ECAP_STORAGE_FULL", retryable: true });
      expect(acknowledged.length).toBeGreaterThan(5);
      const kept = await readTopic(eventLog, "orders");
      expect(kept.map((record) => record.offset)).toEqual(acknowledged);
      expect(environment.path).toContain("disk");
      expect(await stateStore.get(["a"])).toEqual([undefined]);
      // Whatever is asked for between failures is answered, one way or the other.
      const answers: Array<Promise<unknown>> = [];
      const ask = (asked: Promise<unknown>): void => void answers.push(asked.catch(() => {}));
      for (let i = 0; i < 50; i += 1) {
        ask(committer.claim("sums", "orders", i));
        if (i % 5 === 0) ask(eventLog.append("orders", [textRecord("x".repeat(400_000))]));
        await sleep(1);
      }
      await Promise.all(answers);
      const large = { key: "large", value: new Uint8Array(400_000) };
      await stateStore.compareAndSet(large, undefined);
      await expect(stateStore.flush()).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
      execFileSync("mount", ["-o", "remount,size=64m", disk]);
      expect(await committer.claim("sums", "orders", 0)).toMatchObject({ topic: "orders" });
      const [position] = await eventLog.append("orders", [textRecord("room again")]);
      await stateStore.flush();
      expect((await stateStore.get(["large"]))[0]?.value.byteLength).toBe(400_000);
      const last = (await readTopic(eventLog, "orders")).at(-1);
      expect(last?.offset).toBe(position?.offset);
      await close();
    } finally {
      spawnSync("umount", ["-l", disk]);
    }
  });
});

describe("expiry", () => {
  it("frees what expired and nothing else", async () => {
    const clock = manualClock(1_000);
    const { stateStore, environment, enforceRetention, close } = lmdbStore({ dir, clock });
    const value = new Uint8Array([1]);
    await stateStore.compareAndSet({ key: "old", value, expiresAt: 2_000 }, undefined);
    await stateStore.compareAndSet({ key: "kept", value }, undefined);
    const windows = [{ name: "w", windowMs: 100, bucketMs: 10, aggregate: "count" as const }];
    await stateStore.contribute({ key: "card", id: "e1", at: 1_000, windows, values: [1] });
    await stateStore.flush();
    clock.set(5_000);
    await enforceRetention();
    expect(environment.states.getCount()).toBe(1);
    await enforceRetention();
    expect([environment.entities.getCount(), environment.contributed.getCount()]).toEqual([0, 0]);
    await close();
  });

  it("forgets the ids of an entity as its windows move on", async () => {
    const clock = manualClock(0);
    const { stateStore, environment, close } = lmdbStore({ dir, clock });
    const windows = [{ name: "w", windowMs: 1_000, bucketMs: 100, aggregate: "count" as const }];
    for (let i = 0; i < 500; i += 1) {
      clock.set(i * 100);
      await stateStore.contribute({ key: "card", id: `e${i}`, at: i * 100, windows, values: [1] });
      if (i % 50 === 0) await stateStore.flush();
    }
    await stateStore.flush();
    expect(environment.contributed.getCount()).toBeLessThan(100);
    await close();
  });
});

function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}
