import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

/** Bytes of the tracker as a shop's page loads it, gzipped. */
const limit = 5000;

test("the tracker in a browser bundle is at most 5 kB gzipped and needs nothing else", async () => {
  const result = await build({
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      target: "es2022",
      lib: {
        entry: fileURLToPath(new URL("../../src/client/index.ts", import.meta.url)),
        formats: ["es"],
        fileName: "client",
      },
    },
  });
  const outputs = [result].flat().flatMap((bundle) => ("output" in bundle ? bundle.output : []));
  expect(outputs).toHaveLength(1);
  const [chunk] = outputs;
  const code = chunk?.type === "chunk" ? chunk.code : "";
  expect(chunk?.type === "chunk" ? chunk.imports : ["no chunk"]).toEqual([]);
  expect(code).toContain("/v1/batch");
  const size = gzipSync(code, { level: 9 }).length;
  console.log(`@ecap/sdk/client: ${size} bytes gzipped, ${code.length} plain`);
  expect(size).toBeLessThanOrEqual(limit);
}, 30_000);
