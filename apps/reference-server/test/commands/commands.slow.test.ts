import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { header, lines } from "../importing/fixtures.ts";
import { runEcap, startChildServer } from "../support/child-process.ts";

const mappingText = `
name: commands
currency: EUR
group: invoice
time: time
line: { product_id: sku, name: name, quantity: qty, price: price }
kinds:
  - { kind: refund, when: { invoice: ^C } }
  - { kind: stock_adjustment, when: { qty: ^-, price: ^0 } }
  - { kind: adjustment, when: { invoice: ^A } }
`;

let dir: string;
let file: string;
let mapping: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ecap-commands-"));
  file = join(dir, "shop.csv");
  mapping = join(dir, "mapping.yaml");
  await writeFile(file, `${[header, ...lines("z")].join("\n")}\n`);
  await writeFile(mapping, mappingText);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** One JSON document on stdout and nothing else there. */
async function json(args: readonly string[], code = 0): Promise<unknown> {
  const result = await runEcap(dir, [...args, "--json"]);
  expect(result.code, result.stderr + result.stdout).toBe(code);
  return JSON.parse(result.stdout) as unknown;
}

describe("help and mistakes", () => {
  it("--help names every command, and each has its own", async () => {
    const { code, stdout } = await runEcap(dir, ["--help"]);
    expect(code).toBe(0);
    for (const command of [
      "serve",
      "import",
      "simulate",
      "query",
      "explain",
      "doctor",
      "dlq",
      "user",
      "api-key",
      "lake",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, "m"));
    expect((await runEcap(dir, ["import", "--help"])).stdout).toContain("--mapping");
  }, 240_000);

  it.each<[string, readonly string[], RegExp]>([
    ["an unknown command", ["frobnicate"], /unknown command 'frobnicate'/],
    ["a missing option", ["import", "x.csv"], /--mapping/],
    [
      "a wrong choice",
      ["api-key", "create", "--role", "king", "--name", "x"],
      /king.*invalid|invalid.*king|Allowed choices/,
    ],
    ["a wrong number", ["query", "select 1", "--limit", "many"], /whole number/],
    ["two formats", ["query", "select 1", "--csv", "--table"], /cannot be used with/],
    [
      "a mapping that is not there",
      ["import", "x.csv", "--mapping", "absent.yaml"],
      /"absent.yaml" cannot be read/,
    ],
    [
      "a configuration that is not there",
      ["explain", "--config", "absent.ts"],
      /no configuration file "absent.ts"/,
    ],
    ["a port that is none", ["serve", "--port", "http"], /"http" is no port/],
  ])(
    "%s is one clear line and a failure",
    async (_, args, says) => {
      const { code, stdout, stderr } = await runEcap(dir, args);
      expect(code).toBe(1);
      expect(stdout).toBe("");
      expect(stderr).toMatch(says);
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
    },
    60_000,
  );

  it("with --json a failure is a document too", async () => {
    expect(await json(["import", "absent.csv", "--mapping", mapping], 1)).toMatchObject({
      error: { code: "ECAP_FILE_UNREADABLE" },
    });
    expect(await json(["query", "select nonsense from"], 1)).toMatchObject({
      error: { code: "ECAP_QUERY_INVALID" },
    });
  }, 240_000);
});

describe.each(["without a server", "with the server running"])("%s", (how) => {
  let server: Awaited<ReturnType<typeof startChildServer>> | undefined;
  beforeAll(async () => {
    if (how.startsWith("with the")) server = await startChildServer(dir);
  }, 240_000);
  afterAll(async () => {
    if (server === undefined) return;
    const { port } = new URL(server.url);
    expect(Number(port)).toBeGreaterThan(0);
    expect(await server.end("SIGTERM"), server.output()).toBe(0);
    expect(existsSync(join(dir, "data", "server.json"))).toBe(false);
  }, 240_000);

  it("a key is created, shown once and revoked", async () => {
    const created = (await json(["api-key", "create", "--role", "analyst", "--name", "N"])) as {
      readonly id: string;
      readonly key: string;
    };
    expect(created.key).toMatch(/^ecap_[a-z0-9]{12}_/);
    const listed = JSON.stringify(await json(["api-key", "list"]));
    expect(listed).toContain(created.id);
    expect(listed).not.toContain(created.key);
    if (server !== undefined) {
      const answer = await fetch(`${server.url}/v1/metrics`, {
        headers: { authorization: `Bearer ${created.key}` },
      });
      expect(answer.status).toBe(200);
    }
    expect(await json(["api-key", "revoke", created.id])).toEqual({
      id: created.id,
      revoked: true,
    });
    expect(await json(["api-key", "revoke", "absent"], 1)).toMatchObject({
      error: { code: "ECAP_NOT_FOUND" },
    });
  }, 240_000);

  it("a file is imported, and imported again without counting twice", async () => {
    const report = (await json(["import", file, "--mapping", mapping])) as {
      readonly events: { readonly accepted: number; readonly duplicate: number };
    };
    expect(report.events.accepted + report.events.duplicate).toBe(6);
    if (server !== undefined) expect(report.events.duplicate).toBe(6);
    expect(await json(["query", "select count(*) n, sum(total) total from orders"])).toMatchObject({
      rows: [{ n: 3, total: "146.0000" }],
    });
    const text = await runEcap(dir, ["query", "select order_id, total from orders order by 1"]);
    expect(text.stdout).toMatch(/order_id\s+total/);
    expect(text.stdout).toContain("z1");
    const csv = ["query", "select 'a \"b\"' as text, count(*) as n from orders", "--csv"];
    expect((await runEcap(dir, csv)).stdout).toBe('text,n\n"a ""b""",3\n');
    const other = ["query", "select count(*) as n from orders", "--fresh", "--tenant", "another"];
    expect((await runEcap(dir, other)).stdout).toMatch(/^n\n─\n0\n/);
    const history = (await json(["lake", "history", "orders"])) as readonly unknown[];
    expect(history.length).toBeGreaterThan(0);
  }, 240_000);

  it("dead letters are listed and redriven", async () => {
    expect(await json(["dlq", "list", "transactions"])).toEqual([]);
    expect(await json(["dlq", "redrive", "transactions"])).toEqual([]);
    expect(await json(["dlq", "list", "nowhere"], 1)).toMatchObject({
      error: { code: "ECAP_TOPIC_UNKNOWN" },
    });
  }, 240_000);

  it("the boot plan and the checks are printed", async () => {
    const plan = (await json(["explain"])) as { readonly plugins: ReadonlyArray<{ name: string }> };
    expect(plan.plugins.map(({ name }) => name)).toContain("bi");
    expect((await runEcap(dir, ["explain"])).stdout).toContain("Plugins, in the order");
    const checks = (await json(["doctor"])) as ReadonlyArray<{ what: string; ok: boolean }>;
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  }, 240_000);
});

describe("the server as a process", () => {
  it("ends what is under way before it goes, and quickly, also with a page open on the live feed", async () => {
    const server = await startChildServer(dir);
    const headers = { authorization: `Bearer ${server.token}` };
    const stop = new AbortController();
    const live = await fetch(`${server.url}/v1/live`, { headers, signal: stop.signal });
    const reading = (async () => {
      try {
        for await (const _ of live.body ?? []);
      } catch {
        // The server went.
      }
    })();
    const events = Array.from({ length: 2_000 }, (_, i) => ({
      id: `last-${i}`,
      type: "Imagined",
      data: {},
    }));
    const sending = fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers,
      body: JSON.stringify(events),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const begun = Date.now();
    const ending = server.end("SIGTERM");
    const response = await sending;
    expect(response.status).toBe(200);
    expect(((await response.json()) as { receipts: unknown[] }).receipts).toHaveLength(2_000);
    expect(await ending, server.output()).toBe(0);
    expect(Date.now() - begun).toBeLessThan(8_000);
    stop.abort();
    await reading;
    expect(
      await json([
        "query",
        "select count(*) n from bronze_user_events where event_id like 'last-%'",
      ]),
    ).toMatchObject({ rows: [{ n: 2_000 }] });
  }, 240_000);

  it("is one a data directory: a second says who is there", async () => {
    const server = await startChildServer(dir);
    const second = await runEcap(dir, ["serve", "--no-demo"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toMatch(new RegExp(`ECAP_LOCKED|in use by process ${server.pid}`));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(await server.end("SIGTERM")).toBe(0);
  }, 240_000);
});
