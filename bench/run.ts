import { type Report, toJson, toText } from "./report.ts";

/** `npm run bench -- NAME [--json]`: builds, runs one benchmark against its peer and prints a table, or one JSON document. */
const benchmarks: Readonly<Record<string, () => Promise<Report | string>>> = {
  ingest: async () => (await import("./ingest/ingest.ts")).ingest(),
  import: async () => (await import("./import/import.ts")).importFile(),
  decide: async () => (await import("./decide/decide.ts")).decide(),
  models: async () => (await import("./models/models.ts")).models(),
  rules: async () => (await import("./rules/rules.ts")).rulesBench(),
  features: async () => (await import("./features/features.ts")).features(),
  backtest: async () => (await import("./backtest/backtest.ts")).backtestBench(),
  stream: async () => (await import("./stream/stream.ts")).stream(),
  state: async () => (await import("./state/state.ts")).state(),
  kafka: async () => (await import("./kafka/kafka.ts")).kafka(),
  growth: async () => (await import("./state/growth.ts")).growth(),
  query: async () => (await import("./query/query.ts")).query(),
  "delta-write": async () => (await import("./delta-write/delta-write.ts")).deltaWrite(),
  "delta-merge": async () => (await import("./delta-merge/delta-merge.ts")).deltaMerge(),
  "delta-log": async () => (await import("./delta-log/delta-log.ts")).deltaLog(),
  boot: async () => (await import("./boot/boot.ts")).boot(),
};

const [name = ""] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const asJson = process.argv.includes("--json");
const run = benchmarks[name];
if (run === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benchmarks).join("|")} [--json]\n`);
  process.exitCode = 1;
} else {
  const report = await run();
  if (typeof report === "string") {
    process.stdout.write(
      asJson ? `${JSON.stringify({ name, skipped: report })}\n` : `${name}: skipped, ${report}\n`,
    );
  } else process.stdout.write(asJson ? `${JSON.stringify(toJson(report))}\n` : toText(report));
}
