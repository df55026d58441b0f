import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { silentLogger, type TableCommit, type TableStore } from "@ecap/sdk";
import { createLakeUpkeep, type OpenLineageOptions, tableLineage } from "@ecap/sdk/lake";
import { manualClock, memoryStore } from "@ecap/sdk/memory";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, describe, expect, it } from "vitest";

/** A checkout of github.com/OpenLineage/OpenLineage, or its folder `spec`. */
const spec = process.env["OPENLINEAGE_SPEC"] ?? "";

const commits: readonly TableCommit[] = [
  { version: 0, operation: "CREATE TABLE", info: { engineInfo: "ecap" } },
  {
    version: 1,
    operation: "WRITE",
    info: {
      engineInfo: "ecap",
      isBlindAppend: true,
      readVersion: 0,
      job: "lake-sink transactions",
      topic: "transactions",
      from: { "0": 5, "3": 0 },
      offsets: { "0": 9, "3": 2, "4": 7 },
    },
    added: { files: 2, bytes: 300, rows: 6 },
  },
  {
    version: 2,
    operation: "OPTIMIZE",
    info: { engineInfo: "ecap", readVersion: 1, isBlindAppend: false },
    added: { files: 1, bytes: 200, rows: 6 },
  },
  {
    version: 3,
    operation: "MERGE",
    info: { engineInfo: "Apache-Spark/4.0.0", readVersion: 2, inputs: { customers: 12 } },
    added: { files: 1, bytes: 250 },
  },
].map((commit) => ({ timestamp: Date.UTC(2026, 0, 1, 0, 0, commit.version), ...commit }));

/** A table of these commits, the first `lost` of which were cleaned up. */
function tableOf(all: readonly TableCommit[], lost = 0): TableStore {
  return {
    ensure: async () => {},
    append: async () => undefined,
    tables: async () => ["orders"],
    snapshot: async (table) => ({
      table,
      version: all.length - 1,
      timestamp: 0,
      schema: { columns: [{ name: "tenant", type: "string", description: "whose" }] },
      files: [],
      transactions: new Map(),
    }),
    history: async (_, { limit = 100, before = all.length } = {}) =>
      all
        .filter(({ version }) => version >= lost && version < before)
        .toReversed()
        .slice(0, limit),
  };
}

describe("the lineage of a table", () => {
  it("is a run a version, with what it read and what it made", async () => {
    const events = await tableLineage(tableOf(commits), "orders", { namespace: "shop" });
    expect(events.map(({ eventType }) => eventType)).toEqual(
      commits.flatMap(() => ["START", "COMPLETE"]),
    );
    const told = events
      .filter(({ eventType }) => eventType === "COMPLETE")
      .map(({ job, inputs, outputs: [output] }) => ({
        job: job.name,
        inputs: inputs.map(({ name, facets }) => [name, facets?.["version"]?.["datasetVersion"]]),
        version: output?.facets?.["version"]?.["datasetVersion"],
        rows: output?.outputFacets?.["outputStatistics"]?.["rowCount"],
        size: output?.outputFacets?.["outputStatistics"]?.["size"],
      }));
    expect(told).toEqual([
      {
        job: "merge",
        inputs: [
          ["customers", "12"],
          ["orders", "2"],
        ],
        version: "3",
        rows: undefined,
        size: 250,
      },
      { job: "optimize", inputs: [["orders", "1"]], version: "2", rows: 6, size: 200 },
      {
        job: "lake-sink transactions",
        inputs: [["transactions", "0:5-9 3:0-2"]],
        version: "1",
        rows: 6,
        size: 300,
      },
      { job: "create table", inputs: [], version: "0", rows: undefined, size: undefined },
    ]);
    expect(new Set(events.map(({ run }) => run.runId)).size).toBe(commits.length);
    expect(events).toEqual(await tableLineage(tableOf(commits), "orders", { namespace: "shop" }));
  });

  it("names the schema of each facet where the specification has it", async () => {
    const events = await tableLineage(tableOf(commits), "orders", {});
    const urls = [...JSON.stringify(events).matchAll(/"_?schemaURL":"([^"]+)"/g)].map(
      ([, url]) => url,
    );
    for (const url of urls) {
      expect(url).toMatch(
        /^https:\/\/openlineage\.io\/spec\/(?:\d-\d-\d\/OpenLineage|facets\/\d-\d-\d\/\w+)\.json#\/\$defs\/\w+$/,
      );
    }
    expect(urls.length).toBeGreaterThan(20);
  });

  it.skipIf(!existsSync(spec))(
    "is as the published schemas want it (skipped without OPENLINEAGE_SPEC)",
    async () => {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      const folder = existsSync(join(spec, "spec")) ? join(spec, "spec") : spec;
      const read = (file: string) =>
        JSON.parse(readFileSync(join(folder, file), "utf8")) as { readonly $id: string };
      const root = read("OpenLineage.json");
      ajv.addSchema(root);
      for (const file of readdirSync(join(folder, "facets")).filter((name) =>
        name.endsWith(".json"),
      )) {
        const schema = read(join("facets", file));
        if (!ajv.getSchema(schema.$id)) ajv.addSchema(schema);
      }
      const events = await tableLineage(tableOf(commits), "orders", {});
      let facets = 0;
      const valid = (url: string, value: unknown) => {
        expect(ajv.validate(url, value), `${url}: ${ajv.errorsText()}`).toBe(true);
      };
      const validFacets = (value: unknown): void => {
        if (typeof value !== "object" || value === null) return;
        const { _schemaURL: url } = value as Record<string, unknown>;
        if (typeof url === "string") {
          valid(url, value);
          facets += 1;
        }
        for (const each of Object.values(value)) validFacets(each);
      };
      for (const event of events) {
        valid(event.schemaURL, event);
        validFacets(event);
      }
      expect(facets).toBeGreaterThan(20);
    },
  );
});

interface Event {
  readonly eventType: string;
  readonly run: { readonly runId: string };
}

function jobOf(tableStore: TableStore, lineage: OpenLineageOptions) {
  const clock = manualClock(0);
  const { stateStore } = memoryStore({ clock });
  const maintenance = {
    compact: unused,
    retire: unused,
    vacuum: unused,
    checkpoint: unused,
    storage: unused,
  };
  const table = { name: "orders", description: "", columns: [], from: [], rows: () => [] };
  const { jobs } = createLakeUpkeep({
    tableStore,
    maintenance,
    stateStore,
    clock,
    logger: silentLogger,
    tables: [table],
    topics: [],
    options: { lineage },
  });
  const job = jobs.find(({ name }) => name === "lake-lineage");
  const { signal } = new AbortController();
  return { job, run: async () => job?.run({ signal }) };
}

const unused = () => Promise.reject(new Error("not used"));

describe("lineage sent to a server", () => {
  const closing: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** A server that answers with these statuses, then 201, and what came. */
  async function lineageServer(statuses: number[]) {
    const received: Array<{ readonly path: string; readonly key: string; readonly event: Event }> =
      [];
    const server = createServer((request, response) => {
      void body(request).then((text) => {
        const status = statuses.shift() ?? 201;
        if (status === 201)
          received.push({
            path: request.url ?? "",
            key: request.headers.authorization ?? "",
            event: JSON.parse(text) as Event,
          });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => new Promise((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, received };
  }

  it("is every version once, in its order, and later what is new", async () => {
    const { url, received } = await lineageServer([]);
    const growing = commits.slice(0, 2);
    const { run } = jobOf(tableOf(growing), { url, apiKey: "k", maxVersions: 1 });
    const sent = [];
    for (let i = 0; i < 3; i++) sent.push(await run());
    expect(sent).toEqual([1, 1, 0].map((versions) => ({ versions, refused: 0 })));
    growing.push(...commits.slice(2));
    await run();
    await run();
    const inOrder = (await tableLineage(tableOf(commits), "orders", {})).map(
      ({ run: own }) => own.runId,
    );
    expect(received.map(({ event }) => event.run.runId).toReversed()).toEqual(inOrder);
    expect(received[0]).toMatchObject({ path: "/api/v1/lineage", key: "Bearer k" });
  });

  it("is tried again where the server fails, and goes on later where it does not answer", async () => {
    const { url, received } = await lineageServer([503, 201, 500, 500, 503]);
    const { run } = jobOf(tableOf(commits.slice(0, 1)), { url });
    await expect(run()).rejects.toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE" });
    expect(await run()).toEqual({ versions: 1, refused: 0 });
    expect(received.map(({ event }) => event.eventType)).toEqual(["START", "START", "COMPLETE"]);
  });

  it("passes over what the server refuses for what it is", async () => {
    const { url } = await lineageServer([422, 413]);
    const { run } = jobOf(tableOf(commits), { url });
    expect(await run()).toEqual({ versions: 4, refused: 2 });
  });

  it("begins with the oldest version that the log still has", async () => {
    const { url, received } = await lineageServer([]);
    const { run } = jobOf(tableOf(commits, 3), { url, maxVersions: 1 });
    expect(await run()).toEqual({ versions: 1, refused: 0 });
    expect(received).toHaveLength(2);
  });

  it("is not sent without an address", () => {
    expect(jobOf(tableOf(commits), {}).job).toBeUndefined();
  });
});

async function body(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
