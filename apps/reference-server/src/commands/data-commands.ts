import type { Command } from "commander";
import { readMapping } from "../importing/mapping.ts";
import { runImport } from "../importing/run-import.ts";
import { withApi } from "./context.ts";
import { formatTable } from "./output.ts";
import { positiveInteger } from "./positive-integer.ts";
import { addQueryCommand } from "./query-command.ts";

/** `ecap import`, `query` and `dlq`. */
export function addDataCommands(program: Command): void {
  program
    .command("import <file>")
    .description(
      "bring in a CSV, NDJSON or Parquet file, plain or gzipped; run again, it counts nothing twice",
    )
    .requiredOption("--mapping <file>", "what its columns mean (YAML)")
    .action(async (file: string, options: { mapping: string }, command: Command) => {
      const mapping = await readMapping(options.mapping);
      await withApi(command, async (api, { output }) => {
        const report = await runImport(api, file, mapping, ({ lines, share }) =>
          output.progress(share, `${lines.toLocaleString("en")} lines`),
        );
        output.result(report, () => formatImport(report));
        if (report.lines.unreadable > 0 || report.events.quarantined > 0) process.exitCode = 2;
      });
    });

  addQueryCommand(program);

  const dlq = program.command("dlq").description("events that could not be taken");
  dlq
    .command("list <topic>")
    .description("list dead letters of a topic, oldest first")
    .option("--limit <events>", "most to print", positiveInteger, 100)
    .action((topic: string, { limit }: { limit: number }, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: Array<Record<string, unknown>> }>(
          "GET",
          `/v1/admin/dead-letters?topic=${encodeURIComponent(topic)}&limit=${limit}`,
        );
        output.result(items, () =>
          formatTable(
            items.map(({ offset, code, path, message, consumer, attempts, redriven }) => ({
              offset,
              code,
              path,
              message,
              consumer: consumer ?? "collector",
              attempts,
              redriven,
            })),
          ),
        );
      }),
    );
  dlq
    .command("redrive <topic>")
    .description(
      "put dead letters back: to the collector, or to the consumer that could not take them",
    )
    .option("--limit <events>", "most to send", positiveInteger, 1_000)
    .option("--max-redrives <times>", "refuse those put back this often", positiveInteger, 5)
    .action((topic: string, options: { limit: number; maxRedrives: number }, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: Array<Record<string, unknown>> }>(
          "POST",
          "/v1/admin/dead-letters/redrive",
          { topic, ...options },
        );
        output.result(items, () => formatTable(items));
      }),
    );
}

function formatImport({
  lines,
  events,
  problems,
  seconds,
}: Awaited<ReturnType<typeof runImport>>): string {
  const kinds = Object.entries(lines.byKind).map(
    ([kind, count]) => `  ${kind.padEnd(18)} ${count.toLocaleString("en").padStart(10)}`,
  );
  return [
    `${lines.total.toLocaleString("en")} lines in ${seconds.toFixed(1)} s`,
    ...kinds,
    ...(lines.unreadable > 0
      ? [`  ${"unreadable".padEnd(18)} ${lines.unreadable.toLocaleString("en").padStart(10)}`]
      : []),
    ...(lines.droppedDuplicates > 0
      ? [`of them ${lines.droppedDuplicates.toLocaleString("en")} exact duplicates dropped`]
      : []),
    `events: ${events.accepted.toLocaleString("en")} accepted, ${events.duplicate.toLocaleString("en")} already there, ${events.quarantined.toLocaleString("en")} quarantined`,
    ...problems.map((problem) => `  ${problem}`),
  ].join("\n");
}
