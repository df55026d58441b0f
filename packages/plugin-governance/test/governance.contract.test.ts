import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { fsObjectStore } from "@ecap/adapter-fs";
import { createPlatform, defineEvent, definePlugin } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { type GovernanceService, governance } from "../src/index.ts";

const dir = mkdtempSync(join(tmpdir(), "ecap-governance-"));
const objects = fsObjectStore({ dir });
const tableStore = deltaTableStore({ objects });
const queryEngine = duckdbQueryEngine({ tables: tableStore, objects });
const clock = manualClock(Date.parse("2026-05-01T10:00:00Z"));

const letter = defineEvent({
  type: "letter.sent",
  version: 2,
  topic: "user-events",
  description: "A letter went to a customer",
  schema: z.object({ address: z.string() }),
});
const post = definePlugin({
  name: "post",
  version: "1.2.3",
  sdk: "0.x",
  events: { produces: [letter] },
  models: () => [
    { name: "handwriting", version: "7", description: "Whose hand it is", features: ["slant"] },
  ],
  personalData: {
    holds: [
      {
        what: "addresses",
        where: "topic user-events",
        fields: ["address"],
        purpose: "delivery",
        retention: "a year",
      },
    ],
    export: async () => [],
    erase: async () => ({ erased: 0 }),
  },
  setup: () => ({}),
});

describe("governance", () => {
  let service: GovernanceService;
  let drain: () => Promise<void>;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const adapters = [
      memory({ clock }),
      { name: "lake", objectStore: objects, tableStore, queryEngine },
    ];
    const platform = await createPlatform({ adapters, plugins: [governance(), post()] });
    await platform.start();
    service = platform.service(governance);
    drain = () => platform.drain();
    stop = () => platform.stop();
  });
  afterAll(async () => {
    await stop();
    await queryEngine.close();
    await tableStore.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it("finds in its catalogue what plugins bring, without anybody filling it in", () => {
    const found = (text: string) =>
      service.catalogue({ text }).map(({ kind, name }) => `${kind} ${name}`);
    expect(found("letter customer")).toEqual(["event letter.sent/2"]);
    expect(service.catalogue({ kind: "model" })).toEqual([
      {
        kind: "model",
        name: "handwriting",
        description: "Whose hand it is",
        details: { version: "7", features: ["slant"], plugin: "post" },
      },
    ]);
    expect(service.catalogue({ kind: "table" }).map(({ name }) => name)).toEqual([
      "audit_log",
      "quality_results",
      "quality_profiles",
      "quality_alerts",
    ]);
    expect(service.catalogue({ kind: "plugin", text: "post" })).toHaveLength(1);
    expect(service.catalogue({ kind: "topic" }).map(({ name }) => name)).toContain("audit");
  });

  it("keeps audit entries, newest first, each tenant its own, and offers no way to change one", async () => {
    const entry = { tenant: "acme", actor: "ada", target: "key-1", outcome: "success" } as const;
    await service.audit({ ...entry, action: "key.create", details: { role: "viewer" } });
    clock.advance(1_000);
    await service.audit({ ...entry, action: "key.revoke", outcome: "refused" });
    await service.audit({ ...entry, tenant: "other", action: "key.create" });
    await drain();
    const page = { tenant: "acme", limit: 10, offset: 0 };
    expect(await service.auditLog(page)).toMatchObject([
      { action: "key.revoke", outcome: "refused", actor: "ada", time: "2026-05-01T10:00:01.000Z" },
      { action: "key.create", outcome: "success", details: { role: "viewer" }, tenant: "acme" },
    ]);
    expect(await service.auditLog({ ...page, action: "key.create" })).toHaveLength(1);
    expect(await service.auditLog({ ...page, offset: 2 })).toEqual([]);
    expect(Object.keys(service).toSorted()).toEqual([
      "audit",
      "auditLog",
      "catalogue",
      "jobs",
      "personalDataReport",
      "quality",
      "qualityAlerts",
      "qualityProfiles",
      "topologies",
    ]);
  });

  it("reports what each plugin keeps about people, from its own declaration", () => {
    expect(service.personalDataReport().plugins).toEqual([
      { plugin: "governance", holds: "none" },
      {
        plugin: "post",
        holds: [
          {
            what: "addresses",
            where: "topic user-events",
            fields: ["address"],
            purpose: "delivery",
            retention: "a year",
          },
        ],
      },
    ]);
  });
});
