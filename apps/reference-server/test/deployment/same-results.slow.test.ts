import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type SimulatedEvent, simulate } from "@ecap/sdk/simulator";
import { describe, expect, it } from "vitest";
import { openApi } from "../../src/commands/api.ts";
import { defaultConfig } from "../../src/config/default-config.ts";
import { readMapping } from "../../src/importing/mapping.ts";
import { runImport } from "../../src/importing/run-import.ts";
import {
  expected,
  measured,
  noRetail,
  retailFile,
  retailMapping,
} from "../importing/online-retail.ts";
import {
  type ChildProcessOfEcap,
  type ChildServer,
  startChildServer,
  startChildWorker,
} from "../support/child-process.ts";
import { cannotDeploy, testDeployment } from "../support/deployment.ts";

const perSecond = Number(process.env["ECAP_SIMULATED_RATE"] ?? 2_000);
const seconds = Number(
  process.env["ECAP_SIMULATED_SECONDS"] ?? 5 * Number(process.env["ECAP_ROUNDS"] ?? 3),
);
/** In the past, so that both runs see the same event times, whenever they run. */
const from = Date.UTC(2026, 9, 1, 12);
const batchEvents = 500;

interface Platform {
  readonly api: ChildServer;
  /** Every process of it: one that ends by itself would only look slow. */
  readonly processes: readonly ChildProcessOfEcap[];
  readonly key: string;
  close(): Promise<void>;
}

describe.skipIf(cannotDeploy)("embedded and on services, the results are the same", () => {
  it(`a simulated shop with ${perSecond} transactions a second for ${seconds} s, with late, repeated and overtaken events`, async () => {
    const events = transactions();
    const results = [];
    for (const start of [startEmbedded, startOnServices]) {
      const platform = await start();
      try {
        const begun = performance.now();
        await send(platform, events);
        await send(platform, anHourLater());
        const sent = performance.now();
        results.push(await settled(platform));
        process.stdout.write(
          `${start.name}: ${events.length} events sent in ${took(sent - begun)}, everything there ${took(performance.now() - sent)} later\n`,
        );
      } finally {
        await platform.close();
      }
    }
    const [embedded, services] = results;
    expect(Number(embedded?.["orders"]?.["rows"])).toBeGreaterThan(seconds * 10);
    expect(Number(embedded?.["live_metrics"]?.["rows"])).toBeGreaterThan(0);
    expect(Number(embedded?.["session_summaries"]?.["rows"])).toBeGreaterThan(0);
    expect(services).toEqual(embedded);
    process.stdout.write(`${JSON.stringify(embedded)}\n`);
  }, 3_600_000);

  it.skipIf(noRetail !== undefined)(
    `Online Retail on services ${noRetail ?? ""}`,
    async () => {
      const platform = await startOnServices();
      const settings = {
        config: defaultConfig,
        dir: join(platform.dir, "api", "data"),
        host: "127.0.0.1",
        port: 0,
        tenant: "default",
      };
      const api = await openApi(settings);
      const mapping = await readMapping(retailMapping);
      await runImport(api, retailFile, mapping, () => {});
      await expect
        .poll(() => measured(api), { timeout: 900_000, interval: 5_000 })
        .toEqual(expected);
      await api.close();
      await platform.close();
    },
    1_800_000,
  );
});

function took(ms: number): string {
  return `${(ms / 1_000).toFixed(0)} s`;
}

/** Events of the shop in the order they arrive. */
function transactions(): readonly SimulatedEvent[] {
  const faults = { duplicate: 0.01, outOfOrder: 0.02, late: 0.002 };
  const shared = { seed: "same", from, to: from + seconds * 1_000, seasonal: false, growth: 0 };
  // An order is about two transactions: itself and its payment.
  const ordersPerDay = (perSecond / 2) * 86_400;
  const orders = [...simulate({ ...shared, ordersPerDay, journeys: "orders", faults })];
  const visits = [
    ...simulate({
      ...shared,
      seed: "visits",
      ordersPerDay: ordersPerDay / 50,
      catalogue: false,
      faults,
    }),
  ];
  return [...orders, ...visits].toSorted((a, b) => a.at - b.at);
}

/** A visit and an order on every partition: they move event time past the ends of all that is open, which silence does no faster than the clock. */
function anHourLater(): readonly SimulatedEvent[] {
  const at = from + seconds * 1_000 + 3_600_000;
  const timestamp = new Date(at).toISOString();
  return Array.from({ length: 200 }, (_, n) => {
    const visitor = { anonymousId: `visitor-${n}`, userId: `customer-${n}`, timestamp };
    const order = { order_id: `later-${n}`, total: "1.00", currency: "EUR", products: [] };
    return [
      { type: "page", messageId: `visit-${n}`, ...visitor },
      {
        type: "track",
        messageId: `order-${n}`,
        event: "Order Completed",
        properties: order,
        ...visitor,
      },
    ].map((payload) => ({ at, payload }));
  }).flat();
}

async function send({ api, key }: Platform, events: readonly SimulatedEvent[]): Promise<void> {
  const begun = performance.now();
  for (let at = 0; at < events.length; at += batchEvents) {
    const due = (at / events.length) * seconds * 1_000;
    const early = due - (performance.now() - begun);
    if (early > 0) await sleep(early);
    const batch = events.slice(at, at + batchEvents).map(({ payload }) => payload);
    for (let attempt = 0; ; attempt += 1) {
      const response = await fetch(`${api.url}/v1/batch`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({ batch }),
      });
      if (response.status < 300) break;
      expect([429, 503]).toContain(response.status);
      expect(attempt).toBeLessThan(100);
      await sleep(1_000 * Number(response.headers.get("retry-after") ?? 1));
    }
  }
}

type Results = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What differs between two runs by its nature: when and where in the log something arrived, and how long it took. */
const ofTheRun = ["arrival_time", "offset", "latency_ms", "event_id", "topic", "partition"];
/** Decisions see the payments before them, and partitions interleave: of these tables only what does not depend on that. */
const interleaved: Readonly<Record<string, readonly string[]>> = {
  decisions: ["event_time", "transaction_id", "customer_id", "amount", "currency", "country"],
};
const compared = [
  "orders",
  "order_lines",
  "refunds",
  "payments",
  "adjustments",
  "sessions",
  "touchpoints",
  "product_events",
  "customers",
  "live_metrics",
  "session_summaries",
  "decisions",
];

/** Rows of every table and a hash over them, once they no longer change, and the metrics of the API. */
async function settled(platform: Platform): Promise<Results> {
  let before = "";
  const ended = () => platform.processes.flatMap((each) => each.ended() ?? []);
  // A minute without a change: longer than partitions wait for one that is silent, which is half a minute.
  for (let same = 0; same < 12; ) {
    await sleep(5_000);
    expect(ended()).toEqual([]);
    const results = await measure(platform).catch(async (error: unknown) => {
      // A process that ended says more than the connection that broke with it.
      await sleep(1_000);
      expect(ended()).toEqual([]);
      throw error;
    });
    const now = JSON.stringify(results);
    same = now === before ? same + 1 : 0;
    before = now;
  }
  return JSON.parse(before) as Results;
}

async function measure({ api }: Platform): Promise<Results> {
  const results: Record<string, Record<string, unknown>> = {};
  for (const table of compared) {
    const described = await query(api, `select * from ${table} limit 1`);
    const [first = {}] = described;
    const columns =
      interleaved[table] ?? Object.keys(first).filter((name) => !ofTheRun.includes(name));
    const hashed = columns.map((name) => `"${name}"`).join(", ");
    const [counted = {}] =
      columns.length === 0
        ? []
        : await query(
            api,
            `select count(*) as rows, cast(bit_xor(hash(${hashed})) as varchar) as hash from ${table}`,
          );
    results[table] = counted;
  }
  for (const path of [
    "/v1/bi/revenue?from=2026-09-01&to=2026-11-01&grain=hour",
    "/v1/bi/revenue/by/country?from=2026-09-01&to=2026-11-01",
  ]) {
    const answer = (await (
      await fetch(`${api.url}${path}`, { headers: asked(api) })
    ).json()) as Record<string, unknown>;
    const { asOf: _asOf, tables: _tables, ...rest } = answer;
    results[path] = rest;
  }
  return results;
}

/** Each question on a connection of its own: one that waited for five seconds is closed by the server, perhaps just as it is used. */
function asked({ token }: ChildServer): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, connection: "close" };
}

async function query(
  api: ChildServer,
  sql: string,
): Promise<ReadonlyArray<Record<string, unknown>>> {
  for (;;) {
    const response = await fetch(`${api.url}/v1/query`, {
      method: "POST",
      headers: { ...asked(api), "content-type": "application/json" },
      body: JSON.stringify({ sql }),
    });
    const answer = (await response.json()) as {
      readonly rows?: ReadonlyArray<Record<string, unknown>>;
      readonly retryable?: boolean;
    };
    if (response.status < 300) return answer.rows ?? [];
    // A platform that works off what came has little time for questions.
    if (answer.retryable !== true) throw new Error(`${sql}: ${JSON.stringify(answer)}`);
    await sleep(1_000);
  }
}

async function startEmbedded(): Promise<Platform> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-same-"));
  const api = await startChildServer(dir, { ECAP_ADMIN_PASSWORD: "a long enough password" });
  return {
    api,
    processes: [api],
    key: await keyOf(api),
    async close() {
      await api.end("SIGTERM");
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startOnServices(): Promise<Platform & { readonly dir: string }> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-same-"));
  const deployment = await testDeployment();
  const env = { ...deployment.env, ECAP_CONFIG: deployment.config };
  const own = async (name: string): Promise<string> => {
    await mkdir(join(dir, name));
    return join(dir, name);
  };
  const apiEnv = { ...env, ECAP_ROLES: "api", ECAP_ADMIN_PASSWORD: "a long enough password" };
  const api = await startChildServer(await own("api"), apiEnv);
  const workers = [
    await startChildWorker(await own("worker-1"), "worker,sink", env),
    await startChildWorker(await own("worker-2"), "worker,sink", env),
  ];
  const processes = [...workers, api];
  return {
    api,
    processes,
    dir,
    key: await keyOf(api),
    async close() {
      for (const each of processes) await each.end("SIGTERM");
      await deployment.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function keyOf(api: ChildServer): Promise<string> {
  const response = await fetch(`${api.url}/v1/admin/api-keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "shop", role: "api_user" }),
  });
  return ((await response.json()) as { readonly key: string }).key;
}
