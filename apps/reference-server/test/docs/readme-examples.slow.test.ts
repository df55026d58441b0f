import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** READMEs whose TypeScript examples run as they stand, each in a folder of its own; but DuckDB's reads the table that Delta's wrote. */
const documents = [
  "README.md",
  "packages/sdk/README.md",
  "packages/plugin-bi/README.md",
  "packages/plugin-customer/README.md",
  "packages/plugin-fraud/README.md",
  "packages/plugin-governance/README.md",
  "packages/adapters/embedded/README.md",
  "packages/adapters/fs/README.md",
  "packages/adapters/lmdb/README.md",
  "packages/adapters/delta/README.md",
  "packages/adapters/duckdb/README.md",
  "packages/adapters/postgres/README.md",
  "packages/adapters/onnx/README.md",
  "packages/adapters/tfjs/README.md",
  "packages/adapters/trees/README.md",
];

function examples(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? "");
}

describe("the examples in the READMEs", () => {
  // Inside the project, so that its packages are found; ignored by git.
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(root, "node_modules/.cache/ecap-examples-"));
  const model = join(root, "packages/plugin-fraud/models/baseline.onnx");
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(documents)(
    "of %s run",
    (document) => {
      const found = examples(document);
      const cwd = join(folder, document.replace("duckdb", "delta").replaceAll(/[^a-z-]/g, "_"));
      mkdirSync(cwd, { recursive: true });
      if (existsSync(model)) cpSync(model, join(cwd, "model.onnx"));
      expect(found.length).toBeGreaterThan(0);
      found.forEach((code, index) => {
        const file = join(cwd, `example-${index}.mts`);
        writeFileSync(file, code);
        const { status, stderr } = spawnSync(
          process.execPath,
          ["--conditions=@ecap/source", "--import", "tsx", file],
          { cwd, encoding: "utf8", timeout: 60_000 },
        );
        expect(stderr).toBe("");
        expect(status).toBe(0);
      });
    },
    60_000,
  );

  it("of the README embed the platform in fifteen lines or fewer", () => {
    const [embedding = ""] = examples("README.md");
    expect(
      embedding.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import"))
        .length,
    ).toBeLessThanOrEqual(15);
  });
});
