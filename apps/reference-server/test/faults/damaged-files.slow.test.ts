import { copyFile, mkdtemp, open, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isEcapError } from "@ecap/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-damage-"));
  const server = await startTestServer({ dir });
  await send(server, 0);
  await server.composition.platform.drain();
  await server.close();
}, 30_000);
afterEach(() => rm(dir, { recursive: true, force: true }));

async function send(server: TestServer, round: number): Promise<void> {
  const events = Array.from({ length: 100 }, (_, i) => ({
    id: `o${round}-${i}`,
    type: "Order Completed",
    data: { order_id: `o${round}-${i}`, total: 1.5, currency: "EUR" },
  }));
  const response = await fetch(`${server.url}/v1/events`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.composition.controlToken}` },
    body: JSON.stringify(events),
  });
  expect(response.status).toBe(200);
}

async function filesBelow(folder: string, ending: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith(ending))
    .toSorted()
    .map((entry) => join(folder, entry));
}

/** What the server says instead of starting. */
async function refusal(): Promise<{ readonly code: string; readonly message: string }> {
  try {
    const server = await startTestServer({ dir });
    await server.close();
  } catch (error) {
    if (isEcapError(error)) return error;
    throw error;
  }
  return expect.fail("the server started");
}

async function expectWhole(): Promise<void> {
  const server = await startTestServer({ dir });
  await send(server, 0);
  await send(server, 1);
  expect(
    await server.rows("select count(*) n, count(distinct event_id) ids from orders", "orders"),
  ).toEqual([{ n: 200, ids: 200 }]);
  await server.close();
}

describe("damage is said, not worked around, and what is mended goes on", () => {
  it("a commit of a table's log that is cut short", async () => {
    const [commit = ""] = (await filesBelow(join(dir, "lake"), ".json")).filter((file) =>
      /\/orders\/_delta_log\/0+1\.json$/.test(file),
    );
    await copyFile(commit, join(dir, "kept"));
    const { size } = await stat(commit);
    const file = await open(commit, "r+");
    await file.truncate(Math.floor(size / 2));
    await file.close();
    expect(await refusal()).toMatchObject({
      code: "ECAP_TABLE_CORRUPT",
      message: expect.stringContaining("orders") as string,
    });
    await copyFile(join(dir, "kept"), commit);
    await expectWhole();
  }, 60_000);

  it("a server that cannot start leaves its port and its folder free", async () => {
    const probe = createServer();
    const port = await new Promise<number>((resolve) => {
      probe.listen(0, "127.0.0.1", () => {
        const address = probe.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    await new Promise((resolve) => {
      probe.close(resolve);
    });
    const [commit = ""] = await filesBelow(join(dir, "lake", "orders"), "00.json").catch(async () =>
      filesBelow(join(dir, "lake"), "0000.json"),
    );
    await copyFile(commit, join(dir, "kept"));
    await writeFile(commit, "{");
    await expect(startTestServer({ dir, port })).rejects.toMatchObject({
      code: "ECAP_TABLE_CORRUPT",
    });
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
    await copyFile(join(dir, "kept"), commit);
    const server = await startTestServer({ dir, port });
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.close();
  }, 60_000);

  it("a data file of a table that is gone is an error of the question, not a smaller number", async () => {
    const gone = (await filesBelow(join(dir, "lake"), ".parquet")).filter((file) =>
      file.includes("/orders/"),
    );
    expect(gone.length).toBeGreaterThan(0);
    for (const file of gone) await rm(file);
    const server = await startTestServer({ dir });
    const response = await fetch(`${server.url}/v1/query`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.composition.controlToken}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ sql: "select count(*) n, sum(total) s from orders" }),
    });
    const problem = (await response.json()) as { readonly code: string; readonly detail: string };
    expect(response.status, JSON.stringify(problem)).toBeGreaterThanOrEqual(400);
    expect(problem.code).not.toBe("ECAP_INTERNAL");
    await server.close();
  }, 60_000);

  it("an event log that is none", async () => {
    const [log = ""] = (await filesBelow(join(dir, "log"), "")).filter((file) =>
      file.endsWith(".mdb"),
    );
    await copyFile(log, join(dir, "kept"));
    const file = await open(log, "r+");
    await file.write(Buffer.alloc(8_192, 0xff), 0, 8_192, 0);
    await file.close();
    expect(await refusal()).toMatchObject({ code: "ECAP_STORAGE_CORRUPT" });
    await copyFile(join(dir, "kept"), log);
    await expectWhole();
  }, 60_000);
});
