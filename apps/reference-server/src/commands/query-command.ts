import { type Command, Option } from "commander";
import { csvHead, csvRow } from "../query/csv.ts";
import { withApi } from "./context.ts";
import { formatTable } from "./output.ts";
import { positiveInteger } from "./positive-integer.ts";

interface QueryAnswer {
  readonly columns: ReadonlyArray<{ readonly name: string }>;
  readonly rows: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly asOf: string;
}

interface QueryOptions {
  readonly limit: number;
  readonly tenant?: string;
  readonly fresh?: boolean;
  readonly csv?: boolean;
}

/** `ecap query`. */
export function addQueryCommand(program: Command): void {
  program
    .command("query <sql>")
    .description("run a SELECT over the lake's tables, as a table unless --csv or --json is given")
    .option("--limit <rows>", "most rows to print", positiveInteger, 1_000)
    .option("--tenant <tenant>", "whose data it reads (default: the deployment's own)")
    .option("--fresh", "read also what was accepted and is not in the tables yet")
    .addOption(new Option("--csv", "print CSV").conflicts("table"))
    .addOption(new Option("--table", "print an aligned table (default)"))
    .action((sql: string, { limit, tenant, fresh, csv }: QueryOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        if (csv === true && output.json)
          command.error("error: --csv and --json exclude each other");
        const asked = {
          sql,
          limit,
          ...(tenant !== undefined && { tenant }),
          fresh: fresh === true,
        };
        const answer = await api.call<QueryAnswer>("POST", "/v1/query", asked);
        output.result(answer, () => (csv === true ? asCsv(answer) : asTable(answer)));
      }),
    );
}

function asTable({ rows, asOf }: QueryAnswer): string {
  return `${formatTable(rows)}\n\nas of ${asOf}`;
}

function asCsv({ columns, rows }: QueryAnswer): string {
  const names = columns.map(({ name }) => name);
  return [csvHead(names), ...rows.map((row) => csvRow(row, names))].join("\n");
}
