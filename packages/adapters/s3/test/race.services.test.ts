import { fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { describe, expect, it } from "vitest";
import { faultProxy } from "./fault-proxy.ts";
import { emptyAndClose, endpoint, testBucket, withS3 } from "./test-bucket.ts";

const text = (value: string) => new TextEncoder().encode(value);

withS3("racing writers on S3", () => {
  describe("racing writers on S3", () => {
    it("are separate processes with the same bytes, and one wins each key", async () => {
      const prefix = `test/${randomUUID()}`;
      const count = 40;
      const wins = await Promise.all([0, 1, 2].map(() => race(prefix, count)));
      expect(wins.flat().toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
      await emptyAndClose(s3ObjectStore(testBucket({ prefix })));
    });

    it("write in parts, and one wins with its whole object", async () => {
      const options = testBucket({ partBytes: 5 << 20 });
      const stores = Array.from({ length: 4 }, () => s3ObjectStore(options));
      const bodies = stores.map((_, i) => new Uint8Array(11_000_000).fill(i + 1));
      const won = await Promise.all(
        stores.map((store, i) => store.putIfAbsent("large", bodies[i] ?? new Uint8Array())),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      const [first, ...others] = stores;
      const found = Buffer.from((await first?.get("large")) ?? []);
      expect(found.equals(Buffer.from(bodies[won.indexOf(true)] ?? []))).toBe(true);
      for (const store of others) await store.close();
      if (first) await emptyAndClose(first);
    });

    it("lose half of their answers, and still exactly one wins each key and knows it", async () => {
      const proxy = await faultProxy(endpoint ?? "");
      proxy.fate = ({ method }) => (method === "PUT" && Math.random() < 0.5 ? "lose" : "pass");
      const options = testBucket({ endpoint: proxy.url, retries: 20 });
      const stores = Array.from({ length: 4 }, () => s3ObjectStore(options));
      for (let i = 0; i < 25; i++) {
        const won = await Promise.all(
          stores.map((store, racer) => store.putIfAbsent(`k${i}`, text(`racer ${racer}`))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        const found = await stores[0]?.get(`k${i}`);
        expect(Buffer.from(found ?? []).toString()).toBe(`racer ${won.indexOf(true)}`);
      }
      expect(proxy.methods.filter((method) => method === "PUT").length).toBeGreaterThan(110);
      await Promise.all(stores.map((store) => store.close()));
      await proxy.close();
      await emptyAndClose(s3ObjectStore({ ...options, endpoint: endpoint ?? "" }));
    });

    it("know that they won in parts though the answer was lost", async () => {
      const proxy = await faultProxy(endpoint ?? "");
      let lost = 0;
      proxy.fate = ({ method, url = "" }) => {
        const finishes = method === "POST" && /uploadId=/.test(url);
        return finishes && lost++ === 0 ? "lose" : "pass";
      };
      const store = s3ObjectStore(testBucket({ endpoint: proxy.url, partBytes: 5 << 20 }));
      const body = new Uint8Array(6_000_000).fill(7);
      expect(await store.putIfAbsent("once", body)).toBe(true);
      expect(lost).toBeGreaterThan(1);
      lost = 0;
      await store.put("again", body);
      expect((await store.get("again"))?.length).toBe(body.length);
      await emptyAndClose(store);
      await proxy.close();
    });
  });
});

/** Another process that puts keys if absent, with the body of all others; resolves those it won. */
function race(prefix: string, count: number): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const args = [prefix, String(count), "the same bytes"];
    const child = fork(join(import.meta.dirname, "race-child.ts"), args, {
      execArgv: ["--import", "tsx", "--conditions=@ecap/source"],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
    });
    child.on("message", (won) => resolve(Array.isArray(won) ? won.map(Number) : []));
    child.on("error", reject);
    child.on("exit", (code) => code !== 0 && reject(new Error(`exit ${code}`)));
  });
}
