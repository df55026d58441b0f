import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readTopic, textOf } from "@ecap/sdk/testing";
import { expect, it } from "vitest";
import { lmdbStore } from "../src/index.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 3);
const child = fileURLToPath(new URL("./fixtures/topology-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
const events = 4_000;

/** Runs the topology, killed once it has been at it for `killAfterMs`; resolves whether it came to its end. */
async function run(dir: string, killAfterMs: number): Promise<boolean> {
  const running = spawn(
    process.execPath,
    ["--conditions=@ecap/source", "--import", tsx, child, dir],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  running.stdout.on("data", (chunk: Buffer) => {
    if (output === "" && killAfterMs !== Infinity)
      setTimeout(() => running.kill("SIGKILL"), killAfterMs);
    output += chunk.toString();
  });
  await new Promise((resolve) => {
    running.on("close", resolve);
  });
  return output.includes("done");
}

it(`counts every order in one window once through ${rounds} kills`, async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecap-topology-"));
  const store = lmdbStore({ dir });
  await store.eventLog.createTopic("orders", { partitions: 2 });
  await store.eventLog.createTopic("revenue", { partitions: 1 });
  const expected = new Map<string, { orders: number; total: number }>();
  const records = Array.from({ length: events }, (_, i) => {
    const customerId = `c${i % 5}`;
    const time = i * 3;
    const name = `${customerId}/${time - (time % 100)}`;
    const window = expected.get(name) ?? { orders: 0, total: 0 };
    expected.set(name, { orders: window.orders + 1, total: window.total + i });
    const event = {
      id: `e${i}`,
      type: "order.completed",
      source: "test",
      tenant: "acme",
      time,
      receivedAt: time,
    };
    const value = JSON.stringify({
      ...event,
      actor: { customerId },
      context: {},
      data: { total: i },
    });
    return { key: customerId, value: new TextEncoder().encode(value), timestamp: time };
  });
  await store.eventLog.append("orders", records);
  await store.close();

  let kills = 0;
  while (kills < rounds && !(await run(dir, 10 + Math.random() * 150))) kills += 1;
  expect(await run(dir, Infinity)).toBe(true);

  const after = lmdbStore({ dir });
  const results = (await readTopic(after.eventLog, "revenue")).map((record) =>
    JSON.parse(textOf(record)),
  );
  const names = results.map(({ data }) => `${data.key}/${data.windowStart}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { data } of results) {
    const { orders, total } = expected.get(`${data.key}/${data.windowStart}`) ?? {};
    expect([data.orders, data.total]).toEqual([orders, total]);
  }
  // All but the windows that are still open at the end of each partition.
  expect(results.length).toBeGreaterThan(expected.size - 15);
  await after.close();
  rmSync(dir, { recursive: true, force: true });
  process.stdout.write(
    `${kills} kills: ${results.length} windows of ${events} orders, each once and right\n`,
  );
});
