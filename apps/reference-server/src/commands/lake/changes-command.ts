import type { ResultRow } from "@ecap/sdk";
import type { Command } from "commander";
import { formatTable } from "../output.ts";
import { positiveInteger } from "../positive-integer.ts";
import { defaultTableRows, printRows } from "./cat.ts";
import { tableArgument, tableVersion } from "./open-table.ts";
import { csvRows, jsonRows } from "./row-format.ts";
import { withContext } from "./write-table.ts";

interface ChangesFlags {
  readonly from: number;
  readonly to?: number;
  readonly limit?: number;
  readonly csv?: boolean;
}

/** `ecap lake changes`: how rows changed between two versions. */
export function addChangesCommand(lake: Command): void {
  lake
    .command("changes")
    .argument(...tableArgument)
    .description("how the rows of a table with a change data feed changed")
    .requiredOption("--from <version>", "the first version whose changes are told", tableVersion)
    .option("--to <version>", "the last one (default: the newest)", tableVersion)
    .option(
      "--limit <rows>",
      `most rows to print (default: all, as a table ${defaultTableRows})`,
      positiveInteger,
    )
    .option("--csv", "print CSV; with --json one JSON array")
    .action((name: string, flags: ChangesFlags, command: Command) =>
      withContext(command, name, async (table, { output }) => {
        const { from, to, limit, csv = false } = flags;
        const told = table.changes(to === undefined ? { from } : { from, to });
        if (output.json || csv) {
          const { columns } = (await table.snapshot(to === undefined ? {} : { version: to }))
            .schema;
          const names = [...columns.map((column) => column.name), ...changeColumns];
          await printRows(output.json ? jsonRows : csvRows, names, upTo(told, limit));
          return;
        }
        const rows: ResultRow[] = [];
        for await (const part of upTo(told, limit ?? defaultTableRows)) rows.push(...part);
        output.result(rows, () => formatTable(rows));
      }),
    );
}

const changeColumns = ["_change_type", "_commit_version", "_commit_timestamp"];

async function* upTo(
  changes: AsyncIterable<readonly ResultRow[]>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly ResultRow[]> {
  let left = limit;
  for await (const part of changes) {
    yield part.slice(0, left);
    left -= part.length;
    if (left <= 0) return;
  }
}
