#!/usr/bin/env node
import { reportFailure } from "./commands/output.ts";
import { createProgram } from "./commands/program.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  reportFailure(error, process.argv.includes("--json"));
}
