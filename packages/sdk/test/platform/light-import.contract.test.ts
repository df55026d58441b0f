import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Says which modules and native libraries a process has loaded once a platform with a plugin runs in memory. */
const program = `
import { createRequire, registerHooks } from "node:module";
const { createPlatform } = await import("@ecap/sdk");
const { memory } = await import("@ecap/sdk/memory");
const { bi } = await import("@ecap/plugin-bi");
const platform = await createPlatform({ adapters: memory(), plugins: [bi()] });
await platform.start();
await platform.stop();
const cached = Object.keys(createRequire(import.meta.url).cache ?? {});
const report = process.report.getReport();
process.stdout.write(JSON.stringify({ loaded: globalThis.loadedUrls ?? [], cached, shared: report.sharedObjects }));
`;

/** A loader hook that writes every resolved module to stderr. */
const watcher = `
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  process._rawDebug("LOADED " + found.url);
  return found;
}
`;

test("the kernel, the memory adapters and a plugin load no server, no database and no native module", async () => {
  const register = `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(watcher)}");`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [
      "--conditions=@ecap/source",
      "--import=tsx",
      `--import=data:text/javascript,${encodeURIComponent(register)}`,
      "--input-type=module",
      "--eval",
      program.replace(", registerHooks", ""),
    ],
    { cwd: root, maxBuffer: 64 << 20 },
  );
  const { cached, shared } = JSON.parse(stdout) as {
    readonly cached: readonly string[];
    readonly shared: readonly string[];
  };
  const loaded = [...stderr.matchAll(/LOADED (\S+)/g)].map((match) => match[1] ?? "");
  expect(loaded.some((url) => url.includes("/packages/plugin-bi/src/"))).toBe(true);
  const heavy =
    /node_modules\/(hono|@hono|lmdb|@duckdb|duckdb|@electric-sql|pg|onnxruntime|parquet-wasm|apache-arrow|pino|ajv|vitest|fast-check)\b|\/adapters\//;
  expect([...loaded, ...cached].filter((url) => heavy.test(url))).toEqual([]);
  expect(
    [...loaded, ...cached, ...shared].filter(
      (path) => path.endsWith(".node") && !path.includes("esbuild"),
    ),
  ).toEqual([]);
}, 30_000);
