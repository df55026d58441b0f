import { EcapError } from "@ecap/sdk";
import type { LakeStorage, LineageEvent, MaintenanceRun } from "@ecap/sdk/lake";
import { upkeepSteps } from "@ecap/sdk/lake";
import { type Command, InvalidArgumentError } from "commander";
import type { Api } from "../api.ts";
import { withApi } from "../context.ts";
import { formatTable } from "../output.ts";
import { positiveInteger } from "../positive-integer.ts";
import { tableVersion } from "./open-table.ts";

/** A run as the API gives it. */
type Run = Omit<MaintenanceRun, "startedAt" | "endedAt"> & {
  readonly startedAt: string;
  readonly endedAt: string;
};

/** `ecap lake maintain`, `runs`, `storage` and `lineage`: the upkeep of the lake's tables, files and S3 alike. */
export function addUpkeepCommands(lake: Command): void {
  lake
    .command("maintain")
    .argument("[table]", "a table of the lake (default: all)")
    .description("compact tables, archive and delete by age, vacuum, write checkpoints")
    .option("--steps <names>", `some of ${upkeepSteps.join(",")} (default: all)`, steps)
    .option("--dry-run", "only tell what would be done")
    .action((table: string | undefined, options: MaintainOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        const names = table === undefined ? await tablesOf(api) : [table];
        const runs: Run[] = [];
        for (const [index, name] of names.entries()) {
          output.progress(index / names.length, name);
          runs.push(await api.call<Run>("POST", pathOf(name), { dryRun: false, ...options }));
        }
        output.result(runs, () => formatTable(runs.map(summary)));
        if (runs.some(({ failed }) => failed)) process.exitCode = 2;
      }),
    );

  lake
    .command("runs")
    .argument("<table>", "a table of the lake")
    .description("what was done for a table, newest first")
    .action((table: string, _: unknown, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: readonly Run[] }>("GET", pathOf(table));
        output.result(items, () =>
          formatTable(items.map((run) => ({ time: run.startedAt, by: run.by, ...summary(run) }))),
        );
      }),
    );

  lake
    .command("storage")
    .argument("[table]", "a table of the lake (default: all)")
    .description("what tables take and cost, by tier")
    .action((table: string | undefined, _: unknown, command: Command) =>
      withApi(command, async (api, { output }) => {
        const query = table === undefined ? "" : `?table=${encodeURIComponent(table)}`;
        const found = await api.call<LakeStorage>("GET", `/v1/admin/lake/storage${query}`);
        output.result(found, () => storageText(found));
      }),
    );

  lake
    .command("lineage")
    .argument("<table>", "a table of the lake")
    .description(
      "where the versions of a table came from; with --json OpenLineage events, one a line",
    )
    .option("--limit <versions>", "most versions to print", positiveInteger, 100)
    .option("--before <version>", "only versions before it", tableVersion)
    .action((table: string, options: LineageOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { limit, before } = options;
        const query = `limit=${limit}${before === undefined ? "" : `&before=${before}`}`;
        const path = `/v1/admin/lineage/tables/${encodeURIComponent(table)}?${query}`;
        const { items } = await api.call<{ items: readonly LineageEvent[] }>("GET", path);
        if (output.json)
          process.stdout.write(items.map((event) => `${JSON.stringify(event)}\n`).join(""));
        else output.result(items, () => formatTable(items.flatMap(lineageRow)));
      }),
    );
}

interface MaintainOptions {
  readonly steps?: readonly string[];
  readonly dryRun?: boolean;
}

interface LineageOptions {
  readonly limit: number;
  readonly before?: number;
}

function pathOf(table: string): string {
  if (!/^[a-z0-9_]{1,100}$/.test(table))
    throw new EcapError("ECAP_TABLE_NOT_FOUND", `"${table}" is no table of the lake`);
  return `/v1/admin/lake/tables/${table}/maintenance`;
}

async function tablesOf(api: Api): Promise<readonly string[]> {
  const { items } = await api.call<{ items: ReadonlyArray<{ readonly table: string }> }>(
    "GET",
    "/v1/admin/lake/tables",
  );
  return items.map(({ table }) => table);
}

function summary({ table, compact, retire, vacuum, failed, ...run }: Run) {
  return {
    table,
    compacted: compact ? compact.removed.files : "",
    into: compact?.added ? compact.added.files : "",
    archived: retire ? retire.archived.files : "",
    deleted: retire ? retire.deleted.files : "",
    vacuumed: vacuum ? vacuum.files : "",
    "bytes saved": run.savedBytes,
    "bytes freed": run.freedBytes,
    failed: failed ? `${failed.step}: ${failed.message}` : "",
  };
}

function storageText({ tables, currency, bytes: allBytes, costPerMonth: allCost }: LakeStorage) {
  const price = (cost: string | undefined) =>
    currency === undefined ? {} : { [`${currency} a month`]: cost };
  const rows = tables.flatMap(({ table, tiers }) =>
    tiers.map(({ tier, live, old, log, bytes, costPerMonth }) => ({
      table,
      tier,
      rows: live.rows,
      files: live.files,
      live: live.bytes,
      old: old.bytes,
      log: log.bytes,
      bytes,
      ...price(costPerMonth),
    })),
  );
  return formatTable([...rows, { table: "all", bytes: allBytes, ...price(allCost) }]);
}

function versionOf({ facets }: LineageEvent["inputs"][number]): unknown {
  return facets?.["version"]?.["datasetVersion"];
}

function lineageRow({ eventType, eventTime, job, inputs, outputs }: LineageEvent) {
  if (eventType !== "COMPLETE") return [];
  const [output] = outputs;
  const statistics = output?.outputFacets?.["outputStatistics"];
  return [
    {
      version: output && versionOf(output),
      time: eventTime,
      job: job.name,
      from: inputs.map((input) => `${input.name} ${String(versionOf(input))}`).join(", "),
      rows: statistics?.["rowCount"],
      bytes: statistics?.["size"],
    },
  ];
}

function steps(text: string): readonly string[] {
  const named = text.split(",").map((name) => name.trim());
  const unknown = named.find((name) => !upkeepSteps.some((step) => step === name));
  if (unknown === undefined) return named;
  throw new InvalidArgumentError(`"${unknown}" is none of ${upkeepSteps.join(", ")}`);
}
