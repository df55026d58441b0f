import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { type EcapError, isEcapError } from "@ecap/sdk";
import { describe, expect, it } from "vitest";
import { ownServices } from "../../../../scripts/services/control.ts";
import { faultProxy } from "./fault-proxy.ts";
import { emptyAndClose, endpoint, testBucket, withS3 } from "./test-bucket.ts";

const text = (value: string) => new TextEncoder().encode(value);

withS3("faults of S3", () => {
  describe("faults of S3", () => {
    it("are met by asking again: errors of the server, lost and cut answers", async () => {
      const proxy = await faultProxy(endpoint ?? "");
      const store = s3ObjectStore(testBucket({ endpoint: proxy.url, retries: 6 }));
      const body = "x".repeat(500_000);
      await store.put("a", text(body));
      for (const fate of [503, 500, 429, "lose", "cut"] as const) {
        let faults = 0;
        proxy.fate = () => (faults++ < 2 ? fate : "pass");
        expect(Buffer.from((await store.get("a")) ?? []).toString()).toBe(body);
        expect(faults).toBe(3);
      }
      proxy.fate = () => 503;
      const failed = await store.get("a").catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE", retryable: true });
      proxy.fate = () => "pass";
      await emptyAndClose(store);
      await proxy.close();
    });

    it("are errors that say what to do and hold no credential", async () => {
      const secretAccessKey = "a-secret-that-no-message-holds";
      const cases = [
        [{ endpoint: "http://127.0.0.1:1", retries: 1 }, "ECAP_SERVICE_UNREACHABLE", true],
        [{}, "ECAP_SERVICE_DENIED", false],
        [{ ...testBucket(), bucket: "no-such-bucket-here" }, "ECAP_CONFIG_INVALID", false],
      ] as const;
      for (const [options, code, retryable] of cases) {
        const credentials = { accessKeyId: "ecap-test", secretAccessKey };
        const store = s3ObjectStore({ ...testBucket({ credentials }), ...options });
        for (const step of [
          () => store.put("a", text("a")),
          () => store.putIfAbsent("a", text("a")),
          () => store.list("")[Symbol.asyncIterator]().next(),
        ]) {
          const error = await failure(step);
          expect(error).toMatchObject({ code, retryable });
          expect(error.message).toContain("S3 bucket");
          expect(everythingIn(error)).not.toContain(secretAccessKey);
          expect(everythingIn(error)).not.toMatch(/AWS4-HMAC|Signature=|StringToSign/);
        }
        await store.close();
        await expect(store.get("a")).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
      }
    });

    it("a server that stops answering is given up in time, and used again when it goes on", async () => {
      const own = await ownServices(["s3"]);
      const store = s3ObjectStore({
        bucket: own.env["ECAP_TEST_S3_BUCKET"] ?? "",
        endpoint: own.env["ECAP_TEST_S3_ENDPOINT"] ?? "",
        region: own.env["ECAP_TEST_S3_REGION"] ?? "",
        credentials: {
          accessKeyId: own.env["ECAP_TEST_S3_ACCESS_KEY"] ?? "",
          secretAccessKey: own.env["ECAP_TEST_S3_SECRET_KEY"] ?? "",
        },
        timeoutMs: 400,
        retries: 1,
      });
      try {
        await store.put("a", text("before"));
        await own.control.pause("s3");
        const begun = Date.now();
        const unreachable = { code: "ECAP_SERVICE_UNREACHABLE" };
        await expect(store.get("a")).rejects.toMatchObject(unreachable);
        await expect(store.putIfAbsent("b", text("b"))).rejects.toMatchObject(unreachable);
        expect(Date.now() - begun).toBeLessThan(10_000);
        await own.control.resume("s3");
        expect(Buffer.from((await store.get("a")) ?? []).toString()).toBe("before");
        await own.control.kill("s3");
        await expect(store.get("a")).rejects.toMatchObject(unreachable);
        await own.control.restart("s3");
        expect(Buffer.from((await store.get("a")) ?? []).toString()).toBe("before");
      } finally {
        await store.close();
        await own.close();
      }
    });

    it("a server that ignores the condition of a write is refused", async () => {
      const careless = createServer((incoming, outgoing) => {
        incoming.resume().on("end", () => outgoing.writeHead(200, { etag: '"x"' }).end());
      });
      await new Promise<void>((resolve) => {
        careless.listen(0, "127.0.0.1", resolve);
      });
      const { port } = careless.address() as AddressInfo;
      const store = s3ObjectStore(testBucket({ endpoint: `http://127.0.0.1:${port}` }));
      await expect(store.putIfAbsent("a", text("a"))).rejects.toMatchObject({
        code: "ECAP_CONFIG_INVALID",
        message: expect.stringContaining("ignores If-None-Match"),
      });
      await store.close();
      careless.closeAllConnections();
      careless.close();
    });
  });

  describe("large stores on S3", () => {
    it("are listed past one answer's thousand keys, in order, from any key", async () => {
      const store = s3ObjectStore(testBucket());
      const keys = Array.from({ length: 2_050 }, (_, i) => `k/${String(i).padStart(5, "0")}`);
      await Promise.all(keys.map((key) => store.put(key, text(key))));
      const list = async (after?: string) => {
        const found: string[] = [];
        const from = after === undefined ? {} : { after };
        for await (const { key } of store.list("k/", from)) found.push(key);
        return found;
      };
      expect(await list()).toEqual(keys);
      expect(await list("k/01023")).toEqual(keys.slice(1_024));
      await Promise.all(keys.map((key) => store.delete(key)));
      expect(await list()).toEqual([]);
      await store.close();
    });
  });
});

async function failure(step: () => Promise<unknown>): Promise<EcapError> {
  const error = await step().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!isEcapError(error)) throw new Error("expected an EcapError", { cause: error });
  return error;
}

function everythingIn(error: Error): string {
  const seen = [error.message, error.stack, JSON.stringify(error)];
  return [...seen, ...(error.cause instanceof Error ? [everythingIn(error.cause)] : [])].join("\n");
}
