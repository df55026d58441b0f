import type { DeltaLakeTable, Outcome } from "@ecap/adapter-delta";
import type { Command } from "commander";
import { withTable, writing } from "./write-table.ts";

/** `ecap lake alter`: what changes a table and none of its rows. */
export function addAlterCommands(lake: Command): void {
  const alter = lake.command("alter").description("change the columns and rules of a table");
  const altering = (name: string, description: string, ...args: readonly string[]) => {
    const command = writing(alter, name, description);
    for (const argument of args) command.argument(argument);
    return command;
  };
  altering("add-column", "add a column, NULL in rows that are there", "<column>", "<type>").action(
    action((table, column = "", type = "") =>
      table.addColumns([{ name: column, type: type as "string" }]),
    ),
  );
  altering("widen-column", "give a column a wider type", "<column>", "<type>").action(
    action((table, column = "", type = "") => table.widenColumn(column, type)),
  );
  altering("rename-column", "give a column another name", "<column>", "<name>").action(
    action((table, column = "", name = "") => table.renameColumn(column, name)),
  );
  altering("drop-column", "leave a column out", "<column>").action(
    action((table, column = "") => table.dropColumn(column)),
  );
  altering("add-constraint", "add a condition for every row", "<name>", "<sql>").action(
    action((table, name = "", condition = "") => table.addConstraint({ name, condition })),
  );
  altering("drop-constraint", "remove a condition", "<name>").action(
    action((table, name = "") => table.dropConstraint(name)),
  );
  altering("set", "set a property of the table", "<property>", "<value>").action(
    action((table, property = "", value = "") => table.setProperties({ [property]: value })),
  );
}

/** Runs a step with the arguments after the table's name. */
function action(step: (table: DeltaLakeTable, ...args: readonly string[]) => Promise<Outcome>) {
  return (name: string, ...given: readonly unknown[]) => {
    const command = given.at(-1) as Command;
    const args = given.slice(0, -2).map(String);
    return withTable(command, name, (table) => step(table, ...args));
  };
}
