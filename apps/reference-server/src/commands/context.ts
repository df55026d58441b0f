import type { Command } from "commander";
import { loadSettings, type Settings } from "../config/load-config.ts";
import { type Api, openApi } from "./api.ts";
import { createOutput, type Output } from "./output.ts";

interface GlobalOptions {
  readonly dir?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export interface CommandContext {
  readonly settings: Settings;
  readonly output: Output;
}

export async function contextOf(command: Command): Promise<CommandContext> {
  const options = command.optsWithGlobals<GlobalOptions>();
  return { settings: await loadSettings(options), output: createOutput(options.json === true) };
}

/** Does the work with the API, that of the running server or one in this process, and closes it whatever happens. */
export async function withApi<T>(
  command: Command,
  work: (api: Api, context: CommandContext) => Promise<T>,
): Promise<T> {
  const context = await contextOf(command);
  const api = await openApi(context.settings, command.opts<{ readonly apiKey?: string }>().apiKey);
  try {
    return await work(api, context);
  } finally {
    await api.close();
  }
}
