import { execFileSync } from "node:child_process";

/** A Python that can import `deltalake` and `pyarrow`; ECAP_PYTHON names another than python3. */
const python = process.env["ECAP_PYTHON"] ?? "python3";

/** The JSON a script prints. It leaves without a shutdown, in which threads of pyarrow now and then abort the interpreter. */
export function runPython(script: string, ...args: string[]): unknown {
  const whole = `${script}\nimport os, sys; sys.stdout.flush(); os._exit(0)`;
  const output = execFileSync(python, ["-c", whole, ...args], { encoding: "utf8" });
  return JSON.parse(output);
}

/** Whether tests with Python run: where it can import the modules, and in CI, which has to have them. */
export function hasPython(...modules: readonly string[]): boolean {
  return process.env["CI"] === "true" || canImport(...modules);
}

export function canImport(...modules: readonly string[]): boolean {
  try {
    execFileSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
