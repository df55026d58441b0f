import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { manualClock } from "@ecap/sdk/memory";
import { describe, expect, it } from "vitest";
import { openApi } from "../../src/commands/api.ts";
import { defaultConfig } from "../../src/config/default-config.ts";
import { readMapping } from "../../src/importing/mapping.ts";
import { runImport } from "../../src/importing/run-import.ts";
import {
  expected,
  measured,
  noRetail,
  published,
  retailFile,
  retailMapping,
} from "./online-retail.ts";

describe.skipIf(noRetail !== undefined)(`Online Retail ${noRetail ?? ""}`, () => {
  it("gives the published numbers to the cent, again the same day and again a month later", async () => {
    const dir = await mkdtemp(join(tmpdir(), "ecap-retail-"));
    const clock = manualClock(Date.now());
    const config = { ...defaultConfig, adapters: (to: string) => embedded({ dir: to, clock }) };
    const settings = { config, dir, host: "127.0.0.1", port: 0, tenant: "default" };
    const mapping = await readMapping(retailMapping);
    let firstEvents = 0;
    for (const days of [0, 0, 30]) {
      clock.advance(days * 86_400_000);
      const api = await openApi(settings);
      const report = await runImport(api, retailFile, mapping, () => {});
      const { accepted, duplicate, quarantined } = report.events;
      firstEvents ||= accepted;
      expect(report.lines).toMatchObject({ total: published.lines, unreadable: 0 });
      expect(Object.values(report.lines.byKind).reduce((a, b) => a + b, 0)).toBe(published.lines);
      expect({ events: accepted + duplicate, quarantined }).toEqual({
        events: firstEvents,
        quarantined: 0,
      });
      expect(await measured(api)).toEqual(expected);
      await api.close();
    }
    await rm(dir, { recursive: true, force: true });
  }, 600_000);
});
