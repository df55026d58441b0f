import { sdkVersion } from "@ecap/sdk";
import { Command } from "commander";
import { addAccessCommands } from "./access-commands.ts";
import { addDataCommands } from "./data-commands.ts";
import { addLakeCommands } from "./lake/lake-commands.ts";
import { addModelCommands } from "./models/model-commands.ts";
import { addPlatformCommands } from "./platform-commands.ts";
import { addRuleCommands } from "./rule-commands.ts";

/** The `ecap` command. Its subcommands use the running server where there is one and open the data directory themselves where there is none. */
export function createProgram(): Command {
  const program = new Command("ecap")
    .description("E-commerce analytics: events in; decisions, numbers and records out.")
    .option("-V, --version [number]", "print the version of ecap; of a table, read that version")
    .option("--dir <folder>", "data directory (ECAP_DATA_DIR; default: data)")
    .option(
      "--config <file>",
      "configuration (ECAP_CONFIG; default: ecap.config.ts where there is one)",
    )
    .option("--json", "print one JSON document and nothing else");
  // Commander would print and end at the option also where it names a table's version.
  program.on("option:version", (number: string | null) => {
    if (number !== null) return;
    process.stdout.write(`${sdkVersion}\n`);
    process.exit(0);
  });
  addPlatformCommands(program);
  addDataCommands(program);
  addLakeCommands(program);
  addRuleCommands(program);
  addModelCommands(program);
  addAccessCommands(program);
  return program;
}
