import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { claimPrefix } from "@ecap/sdk";
import { readTopic, textOf } from "@ecap/sdk/testing";
import { expect, it } from "vitest";
import { lmdbStore } from "../src/index.ts";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 3);
const child = fileURLToPath(new URL("./fixtures/crash-child.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** Runs the child until it wrote something, kills it at a random moment, and gives the whole lines it wrote. */
async function runAndKill(dir: string, first: number): Promise<string[]> {
  const run = spawn(
    process.execPath,
    ["--conditions=@ecap/source", "--import", tsx, child, dir, String(first)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let output = "";
  let killing = false;
  run.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (killing) return;
    killing = true;
    setTimeout(() => run.kill("SIGKILL"), 20 + Math.random() * 700);
  });
  await new Promise((resolve) => {
    run.on("close", resolve);
  });
  return output.slice(0, output.lastIndexOf("\n")).split("\n");
}

it(`keeps every acknowledged record once and in order through ${rounds} kills`, async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecap-crash-"));
  let first = 0;
  let appended = 0;
  let committed = 0;
  const acknowledged = new Map<string, number[]>();
  for (let round = 0; round < rounds; round += 1) {
    const lines = await runAndKill(dir, first);
    for (const line of lines) {
      const [kind, a = "", b = ""] = line.split(" ");
      if (kind === "c") committed = Math.max(committed, Number(a));
      if (kind !== "a") continue;
      const of = acknowledged.get(`writer-${a}`) ?? [];
      acknowledged.set(`writer-${a}`, of);
      of.push(Number(b));
      first = Math.max(first, Number(b) + 1_000);
      appended += 10;
    }
    const store = lmdbStore({ dir });
    const held = new Map<string, number[]>();
    for (const record of await readTopic(store.eventLog, "numbers")) {
      const numbers = held.get(record.key ?? "") ?? [];
      held.set(record.key ?? "", numbers);
      numbers.push(Number(textOf(record)));
    }
    for (const [writer, batches] of acknowledged) {
      const numbers = held.get(writer) ?? [];
      // Ascending without equals is both the order and the once.
      expect(numbers.every((number, i) => i === 0 || number > (numbers[i - 1] ?? 0))).toBe(true);
      const present = new Set(numbers);
      for (const batch of batches) {
        for (let part = 0; part < 10; part += 1) expect(present.has(batch * 10 + part)).toBe(true);
      }
    }
    const squares = (await readTopic(store.eventLog, "squares")).map((each) =>
      Number(textOf(each)),
    );
    const [entry] = await store.stateStore.get([
      `${claimPrefix({ topology: "squares", topic: "numbers", partition: 0 })}last`,
    ]);
    const { offset = 0 } = await store.committer.claim("squares", "numbers", 0);
    expect(squares).toEqual(Array.from({ length: squares.length }, (_, i) => i + 1));
    expect(offset).toBe(squares.length);
    expect(offset).toBeGreaterThanOrEqual(committed);
    expect(entry === undefined ? 0 : Number(textOf(entry))).toBe(offset);
    await store.close();
  }
  expect(appended).toBeGreaterThan(0);
  expect(committed).toBeGreaterThan(0);
  process.stdout.write(
    `${rounds} kills: ${appended} records and ${committed} commits acknowledged, all there\n`,
  );
  rmSync(dir, { recursive: true, force: true });
});
