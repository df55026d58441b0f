import type { Column } from "@ecap/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { contextOf } from "../context.ts";
import { positiveInteger } from "../positive-integer.ts";
import { addAlterCommands } from "./alter-commands.ts";
import { names, openAnyPlace, tableVersion, time } from "./open-table.ts";
import { readRows } from "./read-rows.ts";
import { inPlace, tellOutcome, withContext, withTable, writing } from "./write-table.ts";

interface WhereOptions {
  readonly where?: string;
}
interface RowsOptions extends WhereOptions {
  readonly rows: string;
}

/** The operations of `ecap lake` that write: each is one new version of the table. */
export function addWriteCommands(lake: Command): void {
  writing(lake, "append", "add rows to a table")
    .addOption(rowsOption())
    .action((name: string, { rows }: RowsOptions, command: Command) =>
      withTable(command, name, async (table) => {
        const given = readRows(rows, (await table.snapshot()).schema);
        return { version: await table.append(given), metrics: {} };
      }),
    );

  writing(lake, "overwrite", "put rows in the place of a table's, of their partitions', or of some")
    .addOption(rowsOption())
    .option("--where <sql>", "replace only rows for which this is true, as it must be of the new")
    .addOption(
      new Option("--partitions", "replace the partitions that the rows are of").conflicts("where"),
    )
    .action((name: string, options: RowsOptions & { partitions?: boolean }, command: Command) =>
      withTable(command, name, async (table) => {
        const { rows, where, partitions } = options;
        const replace = where === undefined ? (partitions ? "partitions" : "table") : { where };
        const given = readRows(rows, (await table.snapshot()).schema);
        return table.overwrite(given, { replace });
      }),
    );

  writing(lake, "merge", "update rows that are there and insert the others")
    .addOption(rowsOption())
    .requiredOption("--on <sql>", "which belong together, as in target.id = source.id")
    .action((name: string, { rows, on }: RowsOptions & { on: string }, command: Command) =>
      withTable(command, name, async (table) =>
        table.merge({
          rows: readRows(rows, (await table.snapshot()).schema),
          on,
          whenMatched: [{ update: "all" }],
          whenNotMatched: [{ insert: "all" }],
        }),
      ),
    );

  writing(lake, "delete", "remove rows from a table")
    .requiredOption("--where <sql>", "rows for which this is true; `true` is all of them")
    .action((name: string, { where }: Required<WhereOptions>, command: Command) =>
      withTable(command, name, (table) => table.delete({ where })),
    );

  writing(lake, "update", "change rows of a table")
    .requiredOption(
      "--set <column=sql>",
      "a new value; may be given more than once",
      assignment,
      {},
    )
    .option("--where <sql>", "rows for which this is true (default: all)")
    .action((name: string, options: WhereOptions & { set: Assignments }, command: Command) =>
      withTable(command, name, (table) => table.update(options)),
    );

  writing(lake, "optimize", "bring small files of a table together")
    .option("--where <sql>", "only files that may hold rows for which this is true")
    .option("--target-mb <size>", "size of the files (default: 128)", positiveInteger)
    .option("--zorder-by <columns>", "order rows by these, separated by commas", names)
    .action((name: string, options: OptimizeFlags, command: Command) =>
      withTable(command, name, (table) => {
        const { where, targetMb, zorderBy } = options;
        return table.optimize({
          ...(where === undefined ? {} : { where }),
          ...(zorderBy === undefined ? {} : { zorderBy }),
          ...(targetMb === undefined ? {} : { targetBytes: targetMb * 2 ** 20 }),
        });
      }),
    );

  writing(lake, "restore", "make a table what it was")
    .option("--version <number>", "at a version")
    .option("--at <time>", "at a time, as in 2026-01-31T10:00:00Z", time)
    .action((name: string, _: unknown, command: Command) => {
      const { version, at } = command.optsWithGlobals<{ version?: string; at?: number }>();
      return withTable(command, name, (table) =>
        table.restore({
          ...(version === undefined ? {} : { version: tableVersion(version) }),
          ...(at === undefined ? {} : { at }),
        }),
      );
    });

  addVacuum(lake);
  addConvert(lake);
  addAlterCommands(lake);
}

interface OptimizeFlags extends WhereOptions {
  readonly targetMb?: number;
  readonly zorderBy?: readonly string[];
}

function addConvert(lake: Command): void {
  lake
    .command("convert")
    .argument("<folder>", "a folder or s3://bucket/prefix with Parquet files")
    .description("make a table of Parquet files, which stay as they are")
    .option(
      "--partition <column:type>",
      "a column that folders such as day=2026-01-31 tell, in their order (default: as texts)",
      partitionColumn,
      [],
    )
    .action(
      async (name: string, { partition }: { partition: readonly Column[] }, command: Command) => {
        const { output } = await contextOf(command);
        await inPlace(await openAnyPlace(name), async (table) => {
          const options = partition.length === 0 ? {} : { partitionBy: partition };
          tellOutcome(await table.convert(options), output);
        });
      },
    );
}

function partitionColumn(text: string, before: readonly Column[]): readonly Column[] {
  const [name = "", type = "string", ...more] = text.split(":");
  if (name === "" || more.length > 0) {
    throw new InvalidArgumentError("expected column:type, as in day:date");
  }
  return [...before, { name, type: type as "string" }];
}

function addVacuum(lake: Command): void {
  writing(lake, "vacuum", "remove files that no recent version of a table needs")
    .option("--dry-run", "only tell which")
    .option("--retain-hours <hours>", "how long removed files stay (default: a week)", hours)
    .option("--force", "allow less than the table's own retention")
    .action((name: string, options: VacuumFlags, command: Command) =>
      withContext(command, name, async (table, { output }) => {
        const { retainHours, ...flags } = options;
        const retention = retainHours === undefined ? {} : { retentionMs: retainHours * 3_600_000 };
        const report = await table.vacuum({ ...flags, ...retention });
        output.result(report, () => {
          const said = `${report.files.length} files, ${report.bytes.toLocaleString("en")} bytes`;
          return options.dryRun ? [...report.files, said].join("\n") : `removed ${said}`;
        });
      }),
    );
}

interface VacuumFlags {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly retainHours?: number;
}

function rowsOption(): Option {
  return new Option(
    "--rows <file>",
    "rows as JSON lines; - is the standard input",
  ).makeOptionMandatory();
}

type Assignments = Readonly<Record<string, string>>;

function assignment(text: string, before: Assignments): Assignments {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("expected column=sql, as in total=total+1");
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) };
}

function hours(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError("expected a number of hours");
  return value;
}
