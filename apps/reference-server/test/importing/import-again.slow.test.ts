import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { manualClock } from "@ecap/sdk/memory";
import { expect, it } from "vitest";
import { openApi } from "../../src/commands/api.ts";
import { defaultConfig } from "../../src/config/default-config.ts";
import { runImport } from "../../src/importing/run-import.ts";
import { csv, lines, mapping, noProgress, settings } from "./fixtures.ts";

it("without a server, and again a month later by the clock, the numbers are the same", async () => {
  const own = await mkdtemp(join(tmpdir(), "ecap-import-"));
  const file = join(own, "shop.csv");
  await writeFile(file, csv(lines("m")));
  const clock = manualClock(Date.UTC(2026, 5, 1));
  const config = { ...defaultConfig, adapters: (to: string) => embedded({ dir: to, clock }) };
  const revenue: unknown[] = [];
  const events: unknown[] = [];
  for (let round = 0; round < 3; round += 1) {
    const inProcess = await openApi({ ...settings(join(own, "data")), config });
    expect(inProcess.mode).toBe("in-process");
    events.push((await runImport(inProcess, file, mapping("month"), noProgress)).events);
    const answer = await inProcess.call<{ items: unknown }>(
      "GET",
      "/v1/bi/revenue?from=2026-01-01&to=2026-03-01&grain=month",
    );
    revenue.push(Object.entries(answer).filter(([name]) => !["asOf", "tables"].includes(name)));
    await inProcess.close();
    clock.advance(30 * 86_400_000);
  }
  expect(events).toEqual([
    { accepted: 6, duplicate: 0, quarantined: 0 },
    { accepted: 0, duplicate: 6, quarantined: 0 },
    { accepted: 0, duplicate: 6, quarantined: 0 },
  ]);
  expect(revenue[1]).toEqual(revenue[0]);
  expect(revenue[2]).toEqual(revenue[0]);
  expect(JSON.stringify(revenue[0])).toContain("125");
  await rm(own, { recursive: true, force: true });
}, 90_000);
