import { fork } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fsObjectStore } from "@ecap/adapter-fs";
import { objectStoreContract } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

objectStoreContract("fs", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-fs-"));
  return { store: fsObjectStore({ dir }), close: () => rm(dir, { recursive: true }) };
});

describe("fsObjectStore", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-fs-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it("keeps ordinary keys as plain paths, for other engines to read", async () => {
    const store = fsObjectStore({ dir });
    const key = "orders/tenant=a%20b/date=2026-01-01/part-0.c000.parquet";
    await store.put(key, new Uint8Array([1]));
    expect(store.localPath(key)).toBe(join(dir, key));
    expect([...(await readFile(join(dir, key)))]).toEqual([1]);
  });

  it("leaves no temporary file behind and never lists one", async () => {
    const store = fsObjectStore({ dir });
    await store.putIfAbsent("t/a", new Uint8Array([1]));
    await store.putIfAbsent("t/a", new Uint8Array([2]));
    expect(await readdir(join(dir, "!tmp"))).toEqual([]);
    await writeFile(join(dir, "!tmp", "left-by-a-crash"), "x");
    const keys: string[] = [];
    for await (const { key } of store.list("")) keys.push(key);
    expect(keys.filter((key) => key.includes("crash"))).toEqual([]);
  });

  it("says where a key cannot be a file and a folder at once", async () => {
    const store = fsObjectStore({ dir });
    await store.put("both/a", new Uint8Array([1]));
    const refused = { code: "ECAP_OBJECT_KEY" };
    await expect(store.put("both/a/b", new Uint8Array())).rejects.toMatchObject(refused);
    await expect(store.put("both", new Uint8Array())).rejects.toMatchObject(refused);
    await expect(store.put("x".repeat(300), new Uint8Array())).rejects.toMatchObject(refused);
  });

  it("lets one of racing processes win each key", async () => {
    const wins = await Promise.all([0, 1].map((racer) => race(dir, racer)));
    const won = wins.flat();
    expect(won.toSorted()).toEqual(
      Array.from({ length: 60 }, (_, i) => i)
        .map(String)
        .toSorted(),
    );
  });
});

/** Another process that puts 60 keys if absent; resolves those it won. */
function race(dir: string, racer: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "race-child.ts"), [dir, String(racer)], {
      execArgv: ["--import", "tsx", "--conditions=@ecap/source"],
    });
    child.on("message", (won) => resolve(Array.isArray(won) ? won.map(String) : []));
    child.on("error", reject);
    child.on("exit", (code) => code !== 0 && reject(new Error(`exit ${code}`)));
  });
}
