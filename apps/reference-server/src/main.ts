#!/usr/bin/env node
import { createProgram } from "./commands/program.ts";
import { reportFailure } from "./commands/output.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  reportFailure(error, process.argv.includes("--json"));
}
