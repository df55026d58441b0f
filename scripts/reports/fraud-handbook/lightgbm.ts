import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type HandbookRow, handbookFeatureNames } from "@ecap/plugin-fraud/handbook";

const program = fileURLToPath(new URL("lightgbm_to_onnx.py", import.meta.url));
const run = promisify(execFile);

/** A model that a Python author would bring, trained by LightGBM; undefined where `ECAP_PYTHON` names no Python that has it. */
export async function lightgbmModel(
  rows: readonly HandbookRow[],
  seed: number,
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
    const { stdout } = await run(python, [program, given, String(width), String(seed), made]);
    return { bytes: await readFile(made), seconds: Number(stdout) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
