import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { MissingProgram } from "./service.ts";

const execute = promisify(execFile);

/** Path of a program, looked for in `extraDirs` and then in PATH. */
export async function findProgram(
  program: string,
  debianPackage: string,
  extraDirs: readonly string[] = [],
): Promise<string> {
  for (const dir of [...extraDirs, ...(process.env["PATH"] ?? "").split(delimiter)]) {
    const path = join(dir, program);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (dir !== "" && runs) return path;
  }
  throw new MissingProgram(program, debianPackage);
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** What the program printed; its last lines become the error where it fails. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env, user }: RunOptions = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      ...user,
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const lines = `${stdout}\n${stderr}`.trim().split("\n");
    const told = lines
      .filter((line) => !/^\s+(at|\.\.\.) /.test(line))
      .slice(-5)
      .join("\n");
    throw new Error(`${command} ${args[0] ?? ""} failed: ${told}`, { cause: error });
  }
}
