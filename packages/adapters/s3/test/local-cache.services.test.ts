import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type S3ObjectStore, type S3ObjectStoreOptions, s3ObjectStore } from "@ecap/adapter-s3";
import type { LocalObject } from "@ecap/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, faultProxy } from "./fault-proxy.ts";
import { endpoint, testBucket, withS3 } from "./test-bucket.ts";

const kilobyte = 1_000;

withS3("copies of objects in files", () => {
  describe("copies of objects in files", () => {
    let cacheDir: string;
    let proxy: FaultProxy;
    let options: S3ObjectStoreOptions;
    const open: S3ObjectStore[] = [];

    beforeEach(async () => {
      cacheDir = await mkdtemp(join(tmpdir(), "ecap-s3-cache-"));
      proxy = await faultProxy(endpoint ?? "");
      options = testBucket({ endpoint: proxy.url, cacheDir });
    });
    afterEach(async () => {
      for (const each of open.splice(0)) await each.close();
      await proxy.close();
      await rm(cacheDir, { recursive: true, force: true });
    });

    /** A store like another process has one. */
    function store(more: Partial<S3ObjectStoreOptions> = {}): Required<S3ObjectStore> {
      const made = s3ObjectStore({ ...options, ...more });
      open.push(made);
      return made as Required<S3ObjectStore>;
    }
    const put = async (key: string, size = kilobyte): Promise<LocalObject> => {
      const bytes = new Uint8Array(size).map((_, i) => (i * 7 + key.length) % 251);
      await store().put(key, bytes);
      return { key, size };
    };
    const reads = () => proxy.methods.filter((method) => method === "GET").length;
    const kept = async (folder = "files") => {
      const [identity = ""] = await readdir(cacheDir);
      const entries = await readdir(join(cacheDir, identity, folder), {
        recursive: true,
        withFileTypes: true,
      });
      const files = entries.filter((entry) => entry.isFile());
      const sizes = files.map(async (file) => (await stat(join(file.parentPath, file.name))).size);
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
      return { names: files.map(({ name }) => name).toSorted(), bytes };
    };

    it("are fetched once for all who ask at once, and hold the object's bytes", async () => {
      const objects = [
        await put("t/date=2026-01-31/a b.parquet"),
        await put("t/large", 12_000_000),
      ];
      const one = store();
      const leases = await Promise.all(Array.from({ length: 10 }, () => one.leaseLocal(objects)));
      expect(reads()).toBe(1 + 2);
      for (const { key } of objects) {
        const file = await readFile(one.localPath(key));
        expect(file.equals(Buffer.from((await one.get(key)) ?? []))).toBe(true);
      }
      expect(one.localPath("t/date=2026-01-31/a b.parquet")).toContain("/date=2026-01-31/");
      for (const release of leases) release();
    });

    it("outlive the process, whole: one of another size is fetched again", async () => {
      const [a, b] = [await put("a"), await put("b")];
      const before = store();
      (await before.leaseLocal([a, b]))();
      await before.close();
      const again = store();
      const release = await again.leaseLocal([a, b]);
      expect(reads()).toBe(2);
      release();
      await again.close();
      const [identity = ""] = await readdir(cacheDir);
      await truncate(join(cacheDir, identity, "files", "a"), 10);
      const third = store();
      await third.leaseLocal([a, b]);
      expect(reads()).toBe(3);
      expect((await readFile(third.localPath("a"))).length).toBe(kilobyte);
    });

    it("stay within their bytes: the least recently used goes, one in use never", async () => {
      const objects = await Promise.all(["a", "b", "c", "d", "e"].map((key) => put(key)));
      const [a, b, c, d, e] = objects as [
        LocalObject,
        LocalObject,
        LocalObject,
        LocalObject,
        LocalObject,
      ];
      const small = store({ cacheBytes: 3 * kilobyte });
      const holdA = await small.leaseLocal([a]);
      (await small.leaseLocal([b]))();
      (await small.leaseLocal([c]))();
      await new Promise((resolve) => setTimeout(resolve, 20));
      (await small.leaseLocal([b]))();
      (await small.leaseLocal([d]))();
      expect((await kept()).bytes).toBeLessThanOrEqual(3 * kilobyte);
      expect((await kept()).names).toEqual(["a", "b", "d"]);
      (await small.leaseLocal([e]))();
      expect((await kept()).names).toContain("a");
      expect((await readFile(small.localPath("a"))).length).toBe(kilobyte);
      holdA();
      (await small.leaseLocal([b, c, d]))();
      expect(await kept()).toEqual({ names: ["b", "c", "d"], bytes: 3 * kilobyte });
    });

    it("wait for room, refuse what can never fit, and give up when told to", async () => {
      const [a, b, c] = [await put("a"), await put("b"), await put("c")];
      const small = store({ cacheBytes: 2 * kilobyte });
      await expect(small.leaseLocal([a, b, c])).rejects.toMatchObject({
        code: "ECAP_CONFIG_INVALID",
        message: expect.stringContaining("cacheBytes"),
      });
      const release = await small.leaseLocal([a, b]);
      await expect(small.leaseLocal([c], AbortSignal.timeout(50))).rejects.toThrow("gave up");
      let got = false;
      const waiting = small.leaseLocal([c]).then((end) => {
        got = true;
        return end;
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(got).toBe(false);
      release();
      (await waiting)();
      expect((await kept()).bytes).toBeLessThanOrEqual(2 * kilobyte);
    });

    it("are shared by processes, none of which takes away what another uses", async () => {
      const objects = await Promise.all(Array.from({ length: 12 }, (_, i) => put(`k/${i}`)));
      const stores = [store({ cacheBytes: 4 * kilobyte }), store({ cacheBytes: 4 * kilobyte })];
      const [held = { key: "", size: 0 }] = objects;
      const release = await stores[0]?.leaseLocal([held]);
      for (let round = 0; round < 60; round++) {
        const jobs = stores.map(async (each, s) => {
          const wanted = [0, 1].map((i) => objects[(round * (3 + s) + i * 5) % 12] ?? held);
          const end = await each.leaseLocal(wanted);
          for (const { key } of wanted) {
            expect((await readFile(each.localPath(key))).length).toBe(kilobyte);
          }
          end();
        });
        await Promise.all(jobs);
      }
      expect((await readFile(stores[0]?.localPath(held.key) ?? "")).length).toBe(kilobyte);
      release?.();
      // Each lets go of what it does not use when it needs room, and the other then removes it.
      expect((await kept()).bytes).toBeLessThanOrEqual(8 * kilobyte);
    });

    it("are not made of an object that is gone, of another size, or that cannot be read", async () => {
      const a = await put("a");
      const one = store({ retries: 1 });
      const corrupt = { code: "ECAP_STORAGE_CORRUPT" };
      await expect(one.leaseLocal([{ key: "gone", size: 5 }])).rejects.toMatchObject(corrupt);
      await expect(one.leaseLocal([{ ...a, size: 999 }])).rejects.toMatchObject(corrupt);
      proxy.fate = ({ method }) => (method === "GET" ? "cut" : "pass");
      await expect(one.leaseLocal([a])).rejects.toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE" });
      expect(await kept("tmp")).toMatchObject({ names: [] });
      proxy.fate = () => "pass";
      await one.leaseLocal([a]);
      expect((await kept()).names).toEqual(["a"]);
      await one.delete("a");
      expect((await kept()).names).toEqual([]);
      expect((await readFile(one.localPath("a"))).length).toBe(kilobyte);
    });

    it("of a process that was killed can be removed when it was not heard of for long", async () => {
      const [a, b, c] = [await put("a"), await put("b"), await put("c")];
      const killed = store({ cacheBytes: kilobyte });
      await killed.leaseLocal([a]);
      const [identity = ""] = await readdir(cacheDir);
      const used = join(cacheDir, identity, "used");
      const [name = ""] = await readdir(used);
      const long = new Date(Date.now() - 3_600_000);
      await utimes(join(used, name), long, long);
      const next = store({ cacheBytes: kilobyte });
      (await next.leaseLocal([b]))();
      await expect.poll(() => readdir(used)).not.toContain(name);
      (await next.leaseLocal([c]))();
      expect(await kept()).toEqual({ names: ["c"], bytes: kilobyte });
    });
  });
});
