import { sdkVersion } from "@ecap/sdk";
import { Command } from "commander";
import { addAccessCommands } from "./access-commands.ts";
import { addDataCommands } from "./data-commands.ts";
import { addPlatformCommands } from "./platform-commands.ts";

/** The `ecap` command. Its subcommands use the running server where there is one and open the data directory themselves where there is none. */
export function createProgram(): Command {
  const program = new Command("ecap")
    .description("E-commerce analytics: events in; decisions, numbers and records out.")
    .version(sdkVersion)
    .option("--dir <folder>", "data directory (ECAP_DATA_DIR; default: data)")
    .option(
      "--config <file>",
      "configuration (ECAP_CONFIG; default: ecap.config.ts where there is one)",
    )
    .option("--json", "print one JSON document and nothing else");
  addPlatformCommands(program);
  addDataCommands(program);
  addAccessCommands(program);
  return program;
}
