import { type DeltaLakeTable, type Outcome, openDeltaTable } from "@ecap/adapter-delta";
import { duckdbFileEngine } from "@ecap/adapter-duckdb";
import type { Command } from "commander";
import { type CommandContext, contextOf } from "../context.ts";
import type { Output } from "../output.ts";
import { openPlace, tableArgument } from "./open-table.ts";
import { archiveRoot, type TablePlace } from "./table-place.ts";

/** A command that writes to the table it names. */
export function writing(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .argument(...tableArgument)
    .description(description);
}

/** Runs one operation and prints the version it made and what it counted. */
export async function withTable(
  command: Command,
  name: string,
  operate: (table: DeltaLakeTable) => Promise<Outcome>,
): Promise<void> {
  await withContext(command, name, async (table, { output }) => {
    tellOutcome(await operate(table), output);
  });
}

export function tellOutcome(outcome: Outcome, output: Output): void {
  output.result(outcome, () => {
    const counts = Object.entries(outcome.metrics).map(([key, count]) => `${key} ${count}`);
    const made = outcome.version === undefined ? "nothing to change" : `version ${outcome.version}`;
    return [made, ...counts].join(", ");
  });
}

export async function withContext(
  command: Command,
  name: string,
  work: (table: DeltaLakeTable, context: CommandContext) => Promise<void>,
): Promise<void> {
  const context = await contextOf(command);
  await inPlace(await openPlace(name, context.settings.dir), (table) => work(table, context));
}

/** Opens the table that lies, or is to lie, in a place, and closes all of it after the work. */
export async function inPlace(
  { objects, name, close }: TablePlace,
  work: (table: DeltaLakeTable) => Promise<void>,
): Promise<void> {
  const engine = duckdbFileEngine({ objects });
  const table = openDeltaTable({ objects, archiveRoot, engine, name });
  try {
    await work(table);
  } finally {
    await table.close();
    await engine.close();
    await close();
  }
}
