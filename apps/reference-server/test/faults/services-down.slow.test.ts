import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaEventLog } from "@ecap/adapter-kafka";
import { eventually, readTopic, textOf } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import {
  type ChildProcessOfEcap,
  type ChildServer,
  startChildServer,
  startChildWorker,
} from "../support/child-process.ts";
import { cannotDeploy, type Deployment, testDeployment } from "../support/deployment.ts";
import { type ShopFeed, startShopFeed } from "./support/shop-feed.ts";
import { type Said, type Watch, watch } from "./support/watch.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 3);
/** A dependency is away this long. */
const killedMs = 6_000;
const pausedMs = 1_000 * Math.min(30, 3 + rounds);
const times = Math.max(1, Math.round(rounds / 10));
const maxRssBytes = 700 * 2 ** 20;
/** How old a result of `/readyz` may be, and a little more. */
const noticeMs = 1_500;
const recoverWithinMs = 90_000;

/** More than the server takes at a time. */
const floodOf = { senders: 150, batchSize: 100, padding: 3_000 };

const names = ["api", "worker", "sink"];

/** What each dependency is called in `/readyz`, and who is not ready without it. */
const dependencies = {
  kafka: { check: "eventLog", needing: ["api", "worker", "sink"] },
  redis: { check: "stateStore", needing: ["api", "worker"] },
  postgres: { check: "database", needing: ["api"] },
} as const;
type Dependency = keyof typeof dependencies;

describe.skipIf(cannotDeploy)("a deployment whose services go and come back", () => {
  let dir: string;
  let services: OwnServices;
  let deployment: Deployment;
  let api: ChildServer;
  let workers: readonly ChildProcessOfEcap[] = [];
  let watching: Watch;
  let feed: ShopFeed;
  let flood: ShopFeed | undefined;
  let key = "";

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-services-down-"));
    services = await ownServices(["kafka", "redis", "postgres"]);
    deployment = await testDeployment({ ...process.env, ...services.env });
    const env = { ...deployment.env, ECAP_CONFIG: deployment.config };
    for (const name of names) await mkdir(join(dir, name));
    api = await startChildServer(join(dir, "api"), {
      ...env,
      ECAP_ROLES: "api",
      ECAP_ADMIN_PASSWORD: "a long enough password",
    });
    workers = await Promise.all(
      ["worker", "sink"].map((role) => startChildWorker(join(dir, role), role, env)),
    );
    watching = watch(
      [api, ...workers].map((process, at) => ({ ...process, name: names[at] ?? "" })),
    );
    const made = await call("/v1/admin/api-keys", { name: "shop", role: "api_user" });
    key = String(made["key"]);
    feed = startShopFeed({ url: () => api.url, key });
    const works = async (): Promise<void> =>
      expect(await watching.offsets("worker")).toBeGreaterThan(0);
    await eventually(works, { withinMs: 60_000, everyMs: 200 });
  }, 300_000);
  afterAll(async () => {
    await Promise.all([feed?.stop(), flood?.stop()]);
    watching?.stop();
    for (const each of [...workers, api]) await each?.end("SIGTERM");
    await deployment?.close();
    await services?.close();
    await rm(dir, { recursive: true, force: true });
  }, 180_000);

  async function call(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`${api.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${api.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  /** Takes the dependency away with `go`, gives it back with `comeBack`, and resolves how the deployment took it. */
  async function without(
    dependency: Dependency,
    awayMs: number,
    act: { readonly go: () => Promise<void>; readonly comeBack: () => Promise<void> },
  ): Promise<{ readonly apiMs: number; readonly workerMs: number; readonly readyMs: number }> {
    await act.go();
    const gone = performance.now();
    await sleep(awayMs);
    const told = watching.between(gone + noticeMs, performance.now());
    await act.comeBack();
    const back = performance.now();
    const offsets = await watching.offsets("worker");
    const until = back + recoverWithinMs;
    let [apiMs, workerMs, readyMs]: Array<number | undefined> = [];
    while (apiMs === undefined || workerMs === undefined || readyMs === undefined) {
      if (feed.acknowledgedAt() > back) apiMs ??= feed.acknowledgedAt() - back;
      if ((await watching.offsets("worker")) > offsets) workerMs ??= performance.now() - back;
      if (isReady(watching.between(back))) readyMs ??= performance.now() - back;
      if (performance.now() > until) {
        const last = JSON.stringify([...watching.between(back)].map(([, said]) => said.at(-1)));
        throw new Error(`${dependency} came back: api ${apiMs}, worker ${workerMs}, ${last}`);
      }
      await sleep(50);
    }
    for (const [name, said] of told) expectTruth(name, dependency, said);
    return { apiMs, workerMs, readyMs };
  }

  const faults = (["redis", "postgres", "kafka"] as const).flatMap((dependency) => [
    { dependency, fault: "kill -9", awayMs: killedMs },
    { dependency, fault: "a pause", awayMs: pausedMs },
  ]);

  it.each(faults)(
    `takes $fault of $dependency for $awayMs ms, ${times} times, and says the truth`,
    async ({ dependency, fault, awayMs }) => {
      const { control } = services;
      const isKill = fault === "kill -9";
      const act = {
        go: () => (isKill ? control.kill(dependency) : control.pause(dependency)),
        comeBack: () => (isKill ? control.restart(dependency) : control.resume(dependency)),
      };
      const answersBefore = new Map(feed.answers);
      const recoveries = [];
      for (let time = 0; time < times; time += 1) {
        recoveries.push(await without(dependency, awayMs, act));
        await sleep(1_000);
      }
      const answers = [...feed.answers]
        .map(([answer, count]) => [answer, count - (answersBefore.get(answer) ?? 0)] as const)
        .filter(([, count]) => count > 0)
        .map(([answer, count]) => `${answer}: ${count}`);
      process.stdout.write(
        `${fault} of ${dependency} for ${awayMs / 1_000} s × ${times}; ` +
          `first receipt ${spread(recoveries.map(({ apiMs }) => apiMs))}, ` +
          `first commit of a topology ${spread(recoveries.map(({ workerMs }) => workerMs))}, ` +
          `all ready ${spread(recoveries.map(({ readyMs }) => readyMs))}; ` +
          `answers ${answers.join(", ")}; peak RSS ${sizes(watching)}\n`,
      );
      expect(feed.refusals).toEqual([]);
      expect(feed.withoutRetryAfter()).toBe(0);
      expectSmall(watching);
    },
    3_600_000,
  );

  it("stays small while a flood meets a Kafka that hangs, and says when to come back", async () => {
    await services.control.pause("kafka");
    const { senders, batchSize, padding } = floodOf;
    const running = startShopFeed({
      url: () => api.url,
      key,
      senders,
      batchSize,
      padding,
      name: "flood",
      everyMs: 1_000,
    });
    flood = running;
    await sleep(pausedMs);
    await services.control.resume("kafka");
    const back = performance.now();
    const passed = (): void => expect(running.acknowledged()).toBeGreaterThan(senders * batchSize);
    await eventually(passed, { withinMs: recoverWithinMs, everyMs: 100 });
    const tookMs = performance.now() - back;
    await running.stop();
    const told = [...running.answers].map(([answer, count]) => `${answer}: ${count}`);
    process.stdout.write(
      `flood of ${senders} senders and ${sizeOfFlood()} MiB at a time while kafka hangs for ${pausedMs / 1_000} s; ` +
        `all receipted ${(tookMs / 1_000).toFixed(1)} s after; answers ${told.join(", ")}; peak RSS ${sizes(watching)}\n`,
    );
    expect(told.join(" ")).toMatch(/429 ECAP_OVERLOADED/);
    expect(running.refusals).toEqual([]);
    expect(running.withoutRetryAfter()).toBe(0);
    expectSmall(watching);
  }, 600_000);

  it("has every order that got a receipt in the log and in the lake, once", async () => {
    await feed.stop();
    const feeds = [
      ["shop", feed.acknowledged()],
      ["flood", flood?.acknowledged() ?? 0],
    ] as const;
    const orders = feeds.reduce((sum, [, count]) => sum + count, 0);
    const once = "count(*) as n, count(distinct event_id) as ids";
    const inTable = async (table: string): Promise<unknown> =>
      (await call("/v1/query", { sql: `select ${once} from ${table}` }))["rows"];
    const counted = async (): Promise<unknown> => {
      return [await inTable("bronze_transactions"), await inTable("orders")];
    };
    const all = [{ n: orders, ids: orders }];
    await expect.poll(counted, { timeout: 240_000, interval: 2_000 }).toEqual([all, all]);
    const log = kafkaEventLog({
      brokers: (deployment.env["ECAP_KAFKA_BROKERS"] ?? "").split(","),
      topicPrefix: deployment.env["ECAP_KAFKA_TOPIC_PREFIX"] ?? "",
    });
    const ids = (await readTopic(log, "transactions")).map(
      (record) => (JSON.parse(textOf(record)) as { readonly id: string }).id,
    );
    await log.close();
    const logged = new Set(ids);
    const receipted = feeds.flatMap(([name, count]) =>
      Array.from({ length: count }, (_, number) => `event-${name}-${number}`),
    );
    expect(receipted.filter((id) => !logged.has(id))).toEqual([]);
    const twice = ids.length - logged.size;
    process.stdout.write(
      `${orders} orders acknowledged, ${feed.repeated() + (flood?.repeated() ?? 0)} batches sent again; in the log: lost 0, ` +
        `${twice} twice; in the lake: lost 0, doubled 0\n`,
    );
    expect(logged.size).toBe(orders);
    expect(workers.map(({ output }) => output()).join("\n") + api.output()).not.toMatch(
      /ecap-secret|a secret for/,
    );
  }, 600_000);
});

function expectTruth(name: string, dependency: Dependency, said: readonly Said[]): void {
  const { check, needing } = dependencies[dependency];
  const isNeeded = (needing as readonly string[]).includes(name);
  // A process without accounts has no check of the database.
  const isChecked = dependency !== "postgres" || name === "api";
  for (const { httpStatus, failed } of said) {
    expect([name, httpStatus, failed]).toEqual([
      name,
      isNeeded ? 503 : 200,
      isChecked ? [check] : [],
    ]);
  }
  expect(said.length, `what ${name} said`).toBeGreaterThan(0);
}

function isReady(said: ReadonlyMap<string, readonly Said[]>): boolean {
  return [...said.values()].every((all) => all.at(-1)?.httpStatus === 200);
}

function sizeOfFlood(): number {
  const { senders, batchSize, padding } = floodOf;
  return Math.round((senders * batchSize * padding) / 2 ** 20);
}

function expectSmall(watching: Watch): void {
  for (const name of names) expect(watching.peakRssBytes(name), name).toBeLessThan(maxRssBytes);
}

function sizes(watching: Watch): string {
  const size = (name: string): string =>
    `${name} ${(watching.peakRssBytes(name) / 2 ** 20).toFixed(0)} MiB`;
  return names.map(size).join(", ");
}

function spread(lengths: readonly number[]): string {
  const sorted = lengths.toSorted((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
  return `median ${(median / 1_000).toFixed(1)} s, max ${((sorted.at(-1) ?? 0) / 1_000).toFixed(1)} s`;
}
