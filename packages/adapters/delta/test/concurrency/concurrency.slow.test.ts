import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fsObjectStore } from "@ecap/adapter-fs";
import { expect, it } from "vitest";
import { runWriters } from "./run-writers.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 2);

it.each([{ writers: 2 }, { writers: 4 }, { writers: 8 }])(
  "loses and doubles nothing with $writers processes on files, some killed",
  async ({ writers }) => {
    let conflicts = 0;
    let merges = 0;
    for (let round = 0; round < rounds; round++) {
      const dir = await mkdtemp(join(tmpdir(), "ecap-delta-writers-"));
      const objects = fsObjectStore({ dir });
      const place = { dir };
      const run = { place, objects, writers, kills: 2, betweenKillsMs: 1_000 };
      const made = await runWriters(run);
      conflicts += made.conflicts;
      merges += made.merges;
      await rm(dir, { recursive: true });
    }
    expect(merges).toBeGreaterThan(0);
    if (writers > 2) expect(conflicts).toBeGreaterThan(0);
  },
  rounds * 120_000,
);
