import { access, constants, mkdir, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import type { Settings } from "../config/load-config.ts";
import { readServerFile, type ServerFile } from "../server/server-file.ts";

export interface Check {
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

const leastFreeBytes = 1 << 30;

/** What can keep the platform from running here, each with what was found. */
export async function diagnose(settings: Settings): Promise<readonly Check[]> {
  const running = readServerFile(settings.dir);
  return [
    checkNode(process.versions.node),
    await checkDirectory(settings.dir),
    await checkSpace(settings.dir),
    running === undefined
      ? await checkPort(settings)
      : { what: "server", ok: true, detail: `runs at ${running.url} (process ${running.pid})` },
    ...(running === undefined ? [] : [await checkHealth(running)]),
    ...nativeModules.map(checkModule),
  ];
}

interface HealthAnswer {
  readonly consumers: ReadonlyArray<{ readonly state: string; readonly lag: number }>;
  readonly alerts: ReadonlyArray<{ readonly message: string }>;
  readonly status: string;
  readonly log: string;
}

/** What the running server says of the producers and consumers of the deployment. */
async function checkHealth({ url, token }: ServerFile): Promise<Check> {
  const what = "producers and consumers";
  try {
    const response = await fetch(`${url}/v1/admin/health`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) return { what, ok: false, detail: `the server answered ${response.status}` };
    const { consumers, alerts, status, log } = (await response.json()) as HealthAnswer;
    const lag = consumers.reduce((sum, consumer) => sum + consumer.lag, 0);
    const runs = consumers.filter(({ state }) => state === "running").length;
    const found = alerts.map(({ message }) => message);
    const behind = log === "ok" ? `${lag} records behind` : "the log does not answer";
    const detail = [`${runs} of ${consumers.length} consumers run, ${behind}`, ...found];
    return { what, ok: status === "ok", detail: detail.join("; ") };
  } catch (error) {
    return { what, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  return { what: "node", ok, detail: ok ? version : `${version}; 20.19 or newer is needed` };
}

async function checkDirectory(dir: string): Promise<Check> {
  try {
    await mkdir(dir, { recursive: true });
    await access(dir, constants.R_OK | constants.W_OK);
    return { what: "data directory", ok: true, detail: `${dir} can be written` };
  } catch (error) {
    return {
      what: "data directory",
      ok: false,
      detail: `${dir} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

async function checkSpace(dir: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(dir);
    const free = bavail * bsize;
    return {
      what: "disk space",
      ok: free >= leastFreeBytes,
      detail: `${(free / 2 ** 30).toFixed(1)} GiB free; at least 1 GiB is wise`,
    };
  } catch (error) {
    return {
      what: "disk space",
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}

async function checkPort({ host, port }: Settings): Promise<Check> {
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, host, () => probe.close(() => resolve(true)));
  });
  return {
    what: "port",
    ok: free,
    detail: free
      ? `${host}:${port} is free`
      : `${host}:${port} is taken; choose another with --port or ECAP_PORT`,
  };
}

/** Modules with compiled parts, and the package that depends on each. */
const nativeModules = [
  { name: "lmdb", dependent: "@ecap/adapter-lmdb" },
  { name: "@duckdb/node-api", dependent: "@ecap/adapter-duckdb" },
  { name: "onnxruntime-node", dependent: "@ecap/adapter-onnx" },
];

function checkModule({ name, dependent }: (typeof nativeModules)[number]): Check {
  try {
    createRequire(import.meta.resolve(dependent))(name);
    return { what: name, ok: true, detail: "loads" };
  } catch (error) {
    return {
      what: name,
      ok: false,
      detail: error instanceof Error ? error.message : String(error),
    };
  }
}
