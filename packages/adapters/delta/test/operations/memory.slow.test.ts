import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const script = fileURLToPath(new URL("./append-many.ts", import.meta.url));
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

async function peakMb(rows: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), "ecap-delta-memory-"));
  const args = ["--no-warnings", "--conditions=@ecap/source", "--import", tsx, script];
  const printed = execFileSync(process.execPath, [...args, dir, String(rows)], {
    encoding: "utf8",
  });
  await rm(dir, { recursive: true });
  return Number(printed);
}

it("appends however many rows in the same memory where they come in parts", async () => {
  // Both are more than what is held at once.
  const few = await peakMb(4_000_000);
  const many = await peakMb(8_000_000);
  console.info(`peak memory: ${few} MB for 4 million rows, ${many} MB for 8 million`);
  expect(many - few).toBeLessThan(100);
});
