import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { silentLogger } from "@ecap/sdk";
import { expect, it } from "vitest";
import { defaultConfig } from "../../src/config/default-config.ts";
import { compose } from "../../src/server/compose.ts";
import { header } from "../importing/fixtures.ts";
import { type ChildServer, runEcap, startChildServer } from "../support/child-process.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 5);
const senders = 4;
const batchSize = 40;
const importedOrders = 20_000;

const mappingText = `
name: killed
currency: EUR
group: invoice
time: time
line: { product_id: sku, name: name, quantity: qty, price: price }
`;

interface Batch {
  readonly ids: readonly string[];
  readonly body: string;
}

let made = 0;

/** Orders of 1.25 each, with ids of their own. */
function newBatch(): Batch {
  const ids = Array.from({ length: batchSize }, () => {
    made += 1;
    return `k${made}`;
  });
  const events = ids.map((id) => ({
    id,
    type: "Order Completed",
    actor: { customerId: `c${made % 17}` },
    data: { order_id: id, total: 1.25, currency: "EUR" },
  }));
  return { ids, body: JSON.stringify(events) };
}

/** Whether the server gave a receipt for every event of the batch. */
async function deliver(server: ChildServer, { body, ids }: Batch): Promise<boolean> {
  try {
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.token}` },
      body,
    });
    if (response.status !== 200) return false;
    const { receipts } = (await response.json()) as {
      readonly receipts: ReadonlyArray<{ readonly status: string; readonly id: string }>;
    };
    expect(receipts.map(({ id }) => id)).toEqual(ids);
    expect(receipts.every(({ status }) => status !== "quarantined")).toBe(true);
    return true;
  } catch (error) {
    // The connection is gone with the server.
    if (error instanceof TypeError || error instanceof SyntaxError) return false;
    throw error;
  }
}

async function call(server: ChildServer, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return response.json();
}

/** Has everything written into the lake, over and over, so that a kill may meet any moment of it. */
async function drainUntil(server: ChildServer, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await call(server, "/v1/imports/drain/begin").catch(() => {});
    await call(server, "/v1/imports/drain/end").catch(() => {});
    await sleep(20);
  }
}

it(`loses and doubles nothing that was acknowledged, killed ${rounds} times during ingest, import and sink`, async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-kill-"));
  const file = join(dir, "orders.csv");
  const mappingFile = join(dir, "mapping.yaml");
  const importLines = Array.from(
    { length: importedOrders * 2 },
    (_, i) => `i${i % importedOrders},2026-01-05 10:00:00,SKU${i % 99},Thing,1,2.05,c1,France`,
  );
  await writeFile(file, `${[header, ...importLines].join("\n")}\n`);
  await writeFile(mappingFile, mappingText);
  const importArgs = ["import", file, "--mapping", mappingFile, "--json"];

  const acknowledged: string[] = [];
  const pending: Batch[] = [];
  const tallies: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const server = await startChildServer(dir);
    const over = new AbortController();
    const send = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const batch = pending.shift() ?? newBatch();
        if (await deliver(server, batch)) acknowledged.push(...batch.ids);
        else {
          pending.push(batch);
          await sleep(10);
        }
      }
    };
    const importing = round % 2 === 1 ? runEcap(dir, importArgs) : undefined;
    const work = [
      ...Array.from({ length: senders }, () => send()),
      drainUntil(server, over.signal),
    ];
    await sleep((importing === undefined ? 200 : 2_000) + Math.random() * 2_500);
    await server.end("SIGKILL");
    over.abort();
    await Promise.all(work);
    const ended = await importing;
    tallies.push(`${acknowledged.length}${ended === undefined ? "" : ` import ${ended.code}`}`);
  }

  const server = await startChildServer(dir);
  while (pending.length > 0) {
    const batch = pending.shift();
    if (batch === undefined) break;
    expect(await deliver(server, batch)).toBe(true);
    acknowledged.push(...batch.ids);
  }
  const imported = await runEcap(dir, importArgs);
  expect(imported.code, imported.stderr + imported.stdout).toBe(0);
  await call(server, "/v1/imports/drain/begin");
  await call(server, "/v1/imports/drain/end");
  const query = async (sql: string) =>
    ((await call(server, "/v1/query", { sql })) as { readonly rows: readonly unknown[] }).rows;
  const n = acknowledged.length;
  expect(new Set(acknowledged).size).toBe(n);
  expect(n).toBeGreaterThan(rounds * batchSize);
  const once = "count(*) n, count(distinct event_id) ids";
  expect(
    await query(
      `select ${once} from bronze_transactions where event_id like 'k%' and event_id not like 'killed/%'`,
    ),
  ).toEqual([{ n, ids: n }]);
  expect(
    await query(
      `select ${once}, count(distinct order_id) orders, sum(total) total from orders where order_id like 'k%'`,
    ),
  ).toEqual([{ n, ids: n, orders: n, total: (n * 1.25).toFixed(4) }]);
  expect(
    await query(
      `select ${once}, count(distinct order_id) orders, sum(total) total from orders where order_id like 'i%'`,
    ),
  ).toEqual([
    {
      n: importedOrders,
      ids: importedOrders,
      orders: importedOrders,
      total: (importedOrders * 4.1).toFixed(4),
    },
  ]);
  expect(await query("select count(*) n from order_lines where order_id like 'i%'")).toEqual([
    { n: importedOrders * 2 },
  ]);
  expect(await server.end("SIGTERM"), server.output()).toBe(0);

  // The log itself, without the server.
  const settings = {
    config: defaultConfig,
    dir: join(dir, "data"),
    host: "127.0.0.1",
    port: 0,
    tenant: "default",
  };
  const composition = await compose(settings, silentLogger);
  const { platform } = composition;
  const eventLog = platform.port("eventLog");
  const logged: string[] = [];
  for (const { partition, earliest, next } of await eventLog.offsets("transactions")) {
    for (let offset = earliest; offset < next; ) {
      const records = await eventLog.read("transactions", partition, offset, { maxRecords: 5_000 });
      for (const record of records) logged.push(platform.decode(record)?.id ?? "undecodable");
      offset = (records.at(-1)?.offset ?? next) + 1;
    }
  }
  await composition.close();
  expect(logged.length).toBe(n + importedOrders);
  expect(new Set(logged).size).toBe(logged.length);
  const inLog = new Set(logged);
  expect(acknowledged.filter((id) => !inLog.has(id))).toEqual([]);
  process.stdout.write(
    `kill -9 × ${rounds}: ${n} events and ${importedOrders} imported orders, each once (${tallies.join(", ")})\n`,
  );
  await rm(dir, { recursive: true, force: true });
}, 3_600_000);
