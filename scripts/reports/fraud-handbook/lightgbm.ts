import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  type HandbookRow,
  type HandbookSplit,
  handbookFeatureNames,
} from "@ecap/plugin-fraud/handbook";
import { shown } from "./choose.ts";
import { figuresOf, scoresOf } from "./models.ts";

const program = fileURLToPath(new URL("lightgbm_to_onnx.py", import.meta.url));
const run = promisify(execFile);

const numbersOfTrees = [100, 200, 300];

/** How many trees have the best mean average precision on splits that lie before the test; undefined without LightGBM. */
export async function chooseTrees(
  splits: readonly HandbookSplit[],
  say: (line: string) => void,
): Promise<number | undefined> {
  let chosen: { readonly trees: number; readonly worth: number } | undefined;
  for (const trees of numbersOfTrees) {
    const figures = [];
    for (const { train, test } of splits) {
      const made = await lightgbmModel(train, { trees, seed: 1 });
      if (made === undefined) return undefined;
      figures.push(figuresOf(await scoresOf(made.bytes, test), test));
    }
    say(`LightGBM, ${trees} trees: ${figures.map(shown).join(" | ")}`);
    const worth = figures.reduce((sum, each) => sum + each.averagePrecision, 0) / figures.length;
    if (chosen === undefined || worth > chosen.worth) chosen = { trees, worth };
  }
  return chosen?.trees;
}

/** A model that a Python author would bring, trained by LightGBM; undefined where `ECAP_PYTHON` names no Python that has it. */
export async function lightgbmModel(
  rows: readonly HandbookRow[],
  { trees, seed }: { readonly trees: number; readonly seed: number },
): Promise<{ readonly bytes: Uint8Array; readonly seconds: number } | undefined> {
  const python = process.env["ECAP_PYTHON"];
  if (python === undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), "ecap-handbook-"));
  try {
    const width = handbookFeatureNames.length + 1;
    const table = new Float32Array(rows.length * width);
    rows.forEach(({ features, fraud }, row) => table.set([...features, fraud], row * width));
    const [given, made] = [join(folder, "rows.f32"), join(folder, "model.onnx")];
    await writeFile(given, new Uint8Array(table.buffer));
    const args = [given, width, seed, trees, made].map(String);
    const { stdout } = await run(python, [program, ...args]);
    return { bytes: await readFile(made), seconds: Number(stdout) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
