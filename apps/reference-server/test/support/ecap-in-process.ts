import { vi } from "vitest";
import { createProgram } from "../../src/commands/program.ts";

/** Runs the `ecap` command in this process; what it prints. */
export async function ecap(...args: readonly string[]): Promise<string> {
  const printed: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  await createProgram().parseAsync(["node", "ecap", ...args]);
  vi.restoreAllMocks();
  return printed.join("");
}

/** The document it prints with `--json`. */
export async function ecapJson(...args: readonly string[]): Promise<unknown> {
  return JSON.parse(await ecap(...args, "--json")) as unknown;
}
