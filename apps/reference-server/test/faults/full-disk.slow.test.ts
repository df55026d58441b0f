import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

let disk: string;

afterEach(async () => {
  spawnSync("umount", ["-l", disk]);
  await rm(disk, { recursive: true, force: true });
});

async function call(server: TestServer, path: string, body: unknown) {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${server.composition.controlToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

it("a full disk is said as such; what was acknowledged is there when there is space again, once", async (test) => {
  disk = await mkdtemp(join(tmpdir(), "ecap-full-"));
  // The database alone takes some 60 MB.
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=84m", "tmpfs", disk]);
  if (mounted.status !== 0) test.skip("mounting a small disk needs root");
  const server = await startTestServer({ dir: join(disk, "data") });
  const acknowledged: string[] = [];
  const refused = new Map<string, number>();
  let made = 0;

  async function send(): Promise<boolean> {
    const events = Array.from({ length: 200 }, () => {
      made += 1;
      return {
        id: `f${made}`,
        type: "Order Completed",
        data: { order_id: `f${made}`, total: 2, currency: "EUR", coupon: "x".repeat(400) },
      };
    });
    const { status, body } = await call(server, "/v1/events", events);
    if (status === 200) {
      acknowledged.push(...events.map(({ id }) => id));
      return true;
    }
    const code = String(body["code"]);
    refused.set(`${status} ${code}`, (refused.get(`${status} ${code}`) ?? 0) + 1);
    return false;
  }

  for (let tries = 0; tries < 2_000 && refused.size === 0; tries += 1) await send();
  for (let tries = 0; tries < 10; tries += 1) await send();
  expect([...refused.keys()]).toEqual(["507 ECAP_STORAGE_FULL"]);
  const count = "select count(*) n, count(distinct event_id) ids from orders";
  const early = await call(server, "/v1/query", { sql: count });
  expect(early.status === 200 || early.body["code"] === "ECAP_STORAGE_FULL").toBe(true);

  spawnSync("mount", ["-o", "remount,size=512m", disk]);
  let isBack = false;
  for (let tries = 0; tries < 100 && !isBack; tries += 1) {
    isBack = await send();
    if (!isBack) await sleep(100);
  }
  expect(isBack).toBe(true);
  await server.composition.platform.drain();
  const check = async (of: TestServer) => {
    const { rows } = (await call(of, "/v1/query", { sql: count })).body;
    const [found] = rows as ReadonlyArray<{ readonly n: number; readonly ids: number }>;
    expect(found?.n).toBe(found?.ids);
    return found?.n;
  };
  // What was refused may have been kept all the same, as a lost answer; what was acknowledged must be.
  const n = (await check(server)) ?? 0;
  expect(n).toBeGreaterThanOrEqual(acknowledged.length);
  expect(n).toBeLessThanOrEqual(made);
  await server.close();

  const again = await startTestServer({ dir: join(disk, "data") });
  await again.composition.platform.drain();
  expect(await check(again)).toBe(n);
  const { rows } = (
    await call(again, "/v1/query", { sql: "select event_id from orders", limit: 100_000 })
  ).body;
  const held = new Set((rows as ReadonlyArray<{ event_id: string }>).map((row) => row.event_id));
  expect(acknowledged.filter((id) => !held.has(id))).toEqual([]);
  await again.close();
}, 120_000);
