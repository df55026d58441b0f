import { duckdbTableReader } from "@ecap/adapter-duckdb";
import type { TableCommit, TableSnapshot } from "@ecap/sdk";
import type { Command } from "commander";
import { type CommandContext, contextOf, withApi } from "../context.ts";
import { formatTable } from "../output.ts";
import { positiveInteger } from "../positive-integer.ts";
import { cat } from "./cat.ts";
import { addChangesCommand } from "./changes-command.ts";
import { describeType } from "./describe-type.ts";
import {
  isWithinReach,
  names,
  type OpenTable,
  openTable,
  tableArgument,
  tableVersion,
  time,
} from "./open-table.ts";
import { addUpkeepCommands } from "./upkeep-commands.ts";
import { addWriteCommands } from "./write-commands.ts";

interface WhenOptions {
  readonly version?: string;
  readonly at?: number;
}

/** `ecap lake`: what is in Delta tables, those of the lake and any other in a folder. */
export function addLakeCommands(program: Command): void {
  const lake = program.command("lake").description("read and write the lake, or any Delta table");
  addWriteCommands(lake);
  addChangesCommand(lake);
  addUpkeepCommands(lake);

  reading(lake, "cat", "print the rows of a table")
    .option("--columns <names>", "columns to read, separated by commas", names)
    .option("--limit <rows>", "most rows to read", positiveInteger)
    .option("--time-zone <zone>", "of partition timestamps that name none (default: UTC)")
    .option("--csv", "print CSV; with --json one JSON array")
    .option("--parquet <file>", "write a Parquet file instead")
    .action((table: string, _: unknown, command: Command) =>
      withTable(command, table, async (open, snapshot, { output }) => {
        await cat(open, snapshot, command.opts(), output);
      }),
    );

  reading(lake, "schema", "the columns of a table").action(
    (table: string, _: unknown, command: Command) =>
      withTable(command, table, async (__, { version, schema }, { output }) => {
        const { columns, partitionBy = [] } = schema;
        output.result({ version, ...schema }, () =>
          formatTable(
            columns.map(({ name, type, nullable = true, description }) => ({
              column: name,
              type: describeType(type),
              null: nullable ? "yes" : "no",
              partition: partitionBy.includes(name) ? partitionBy.indexOf(name) + 1 : "",
              description,
            })),
          ),
        );
      }),
  );

  reading(lake, "files", "the data files of a table").action(
    (table: string, _: unknown, command: Command) =>
      withTable(command, table, async (__, { files }, { output }) => {
        const listed = files.map(({ key, size, rows, deleted, partition }) => ({
          file: key,
          size,
          rows: rows ?? null,
          deleted: deleted?.count ?? 0,
          partition,
        }));
        output.result(listed, () => formatTable(listed));
      }),
  );

  reading(lake, "verify", "compare a table's files with its log").action(
    (table: string, _: unknown, command: Command) =>
      withTable(command, table, async ({ objects }, snapshot, { output }) => {
        const reader = duckdbTableReader({ objects });
        const problems: Array<{ readonly file: string; readonly problem: string }> = [];
        try {
          for await (const { key, problem } of reader.problems(snapshot)) {
            problems.push({ file: key, problem });
          }
        } finally {
          await reader.close();
        }
        const { version, files } = snapshot;
        output.result({ version, files: files.length, problems }, () =>
          problems.length === 0
            ? `version ${version}: all ${files.length} files are as the log says`
            : formatTable(problems),
        );
        if (problems.length > 0) process.exitCode = 2;
      }),
  );

  lake
    .command("history")
    .argument(...tableArgument)
    .description("the versions of a table, newest first")
    .option("--limit <versions>", "most versions to print", positiveInteger, 20)
    .action(async (table: string, { limit }: { limit: number }, command: Command) => {
      const context = await contextOf(command);
      const commits = await historyOf(command, context, table, limit);
      context.output.result(commits, () =>
        formatTable(
          commits.map(({ version, timestamp, operation, info }) => ({
            version,
            time: new Date(timestamp).toISOString(),
            operation,
            job: info["job"] ?? "",
          })),
        ),
      );
    });
}

function reading(lake: Command, name: string, description: string): Command {
  return lake
    .command(name)
    .argument(...tableArgument)
    .description(description)
    .option("--version <number>", "the table at a version")
    .option("--at <time>", "the table at a time, as in 2026-01-31T10:00:00Z", time);
}

async function withTable(
  command: Command,
  table: string,
  work: (open: OpenTable, snapshot: TableSnapshot, context: CommandContext) => Promise<void>,
): Promise<void> {
  const context = await contextOf(command);
  const { version, at } = command.optsWithGlobals<WhenOptions>();
  const open = await openTable(table, context.settings.dir);
  try {
    const snapshot = await open.snapshot({
      ...(version === undefined ? {} : { version: tableVersion(version) }),
      ...(at === undefined ? {} : { at }),
    });
    await work(open, snapshot, context);
  } finally {
    await open.close();
  }
}

/** From the folder where it is on this machine, else from the platform, whose objects may lie elsewhere. */
async function historyOf(
  command: Command,
  { settings }: CommandContext,
  table: string,
  limit: number,
): Promise<readonly TableCommit[]> {
  if (!isWithinReach(table, settings.dir)) {
    return withApi(command, async (api) => {
      const path = `/v1/admin/tables/${encodeURIComponent(table)}/history?limit=${limit}`;
      return (await api.call<{ items: readonly TableCommit[] }>("GET", path)).items;
    });
  }
  const open = await openTable(table, settings.dir);
  try {
    return await open.history({ limit });
  } finally {
    await open.close();
  }
}
