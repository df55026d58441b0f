import { execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../processes.ts";

/** Python with `deltalake` and `pyarrow`; ECAP_PYTHON names another than python3. */
const python = process.env["ECAP_PYTHON"] ?? "python3";

/** What one side measured: a process of its own, so that its memory is its own. */
export interface Measured {
  readonly seconds: number;
  /** Peak resident memory, from the side's start on. */
  readonly peakMb: number;
}

/** Why there is no peer to measure; undefined where there is one. */
export function noDeltaRs(): string | undefined {
  try {
    execFileSync(python, ["-c", "import deltalake, pyarrow"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${python} cannot import deltalake and pyarrow: pip install them, and name the interpreter in ECAP_PYTHON`;
  }
}

/** Runs a TypeScript file of this folder to its end; its last line is what it measured. */
export function ourSide(file: string, ...args: readonly string[]): Promise<Measured> {
  return lastLine(process.execPath, [...process.execArgv, join(root, "bench", file), ...args]);
}

/** Runs a Python file of this folder to its end; its last line is what it measured. */
export function deltaRsSide(file: string, ...args: readonly string[]): Promise<Measured> {
  return lastLine(python, [join(root, "bench", file), ...args]);
}

/** Prints what a side in TypeScript measured. */
export function tell(seconds: number): void {
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(`${JSON.stringify({ seconds, peakMb })}\n`);
}

async function lastLine(command: string, args: readonly string[]): Promise<Measured> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const code = await new Promise((resolve) => {
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${String(code)}`);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "") as Measured;
}
