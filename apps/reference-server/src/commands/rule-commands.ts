import { readFile } from "node:fs/promises";
import { EcapError } from "@ecap/sdk";
import { type Command, InvalidArgumentError } from "commander";
import { withApi } from "./context.ts";
import { formatTable } from "./output.ts";

interface Problem {
  readonly rule?: string;
  readonly part: string;
  readonly message: string;
}

interface Version {
  readonly version: number;
  readonly state: string;
  readonly name: string;
  readonly rules: number;
  readonly proposedBy: string;
  readonly proposedAt: string;
}

interface Confusion {
  readonly stoppedFrauds: number;
  readonly stoppedHonest: number;
  readonly passedFrauds: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly saved: number;
  readonly lost: number;
}

interface Backtest {
  readonly candidate: string;
  readonly active: string;
  readonly rows: number;
  readonly frauds: number;
  readonly figures: Confusion;
  readonly activeFigures: Confusion;
  readonly rules: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly recorded: { readonly compared: number; readonly equal: number };
  readonly behind?: readonly string[];
}

/** `ecap rules`. */
export function addRuleCommands(program: Command): void {
  const rules = program.command("rules").description("rule sets that decide on payments");
  rules
    .command("list")
    .description("versions of the rule set, newest first")
    .action((_options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: Version[] }>("GET", "/v1/fraud/rules?limit=200");
        output.result(items, () => formatTable(items.map((item) => ({ ...item }))));
      }),
    );
  rules
    .command("validate <file>")
    .description("check a rule set (YAML or JSON): every mistake with its rule and place")
    .action(async (file: string, _options: object, command: Command) => {
      const source = await read(file);
      await withApi(command, async (api, { output }) => {
        const { problems } = await api.call<{ problems: Problem[] }>(
          "POST",
          "/v1/fraud/rules/validate",
          { source },
        );
        output.result({ valid: problems.length === 0, problems }, () => describe(problems));
        if (problems.length > 0) process.exitCode = 2;
      });
    });
  rules
    .command("propose <file>")
    .description("store a rule set as a new draft")
    .option("--note <note>", "why")
    .action(async (file: string, { note }: { note?: string }, command: Command) => {
      const body = { source: await read(file), ...(note !== undefined && { note }) };
      await withApi(command, async (api, { output }) => {
        const made = await api.call<Version>("POST", "/v1/fraud/rules", body);
        output.result(made, () => `version ${made.version} is a draft`);
      });
    });
  for (const [action, description] of [
    ["shadow", "let a draft decide in shadow"],
    ["archive", "put a draft or a shadow away"],
    ["reinstate", "let a version that was active before decide again"],
  ] as const)
    rules
      .command(`${action} <version>`)
      .description(description)
      .action((version: string, _options: object, command: Command) =>
        withApi(command, async (api, { output }) => {
          const path = `/v1/fraud/rules/${encodeURIComponent(version)}/${action}`;
          const moved = await api.call<Version>("POST", path);
          output.result(moved, () => `version ${moved.version} is ${moved.state}`);
        }),
      );
  rules
    .command("backtest [file]")
    .description("run a rule set over the decisions of a period, beside the one that decides now")
    .requiredOption("--from <time>", "a date or an instant")
    .requiredOption("--to <time>", "a date or an instant, exclusive")
    .option("--rules-version <version>", "a stored version, instead of a file", wholeNumber)
    .action(async (file: string | undefined, options: BacktestOptions, command: Command) => {
      const { from, to, rulesVersion: version } = options;
      const source = file === undefined ? {} : { source: await read(file) };
      const body = { from, to, ...source, ...(version !== undefined && { version }) };
      await withApi(command, async (api, { output }) => {
        const made = await api.call<Backtest>("POST", "/v1/fraud/rules/backtest", body);
        output.result(made, () => report(made));
      });
    });
}

interface BacktestOptions {
  readonly from: string;
  readonly to: string;
  readonly rulesVersion?: number;
}

function read(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => {
    throw new EcapError("ECAP_FILE_UNREADABLE", `${file} cannot be read`, { cause });
  });
}

function describe(problems: readonly Problem[]): string {
  if (problems.length === 0) return "valid";
  return problems
    .map(
      ({ rule, part, message }) =>
        `${rule === undefined ? "" : `rule "${rule}", `}${part}: ${message}`,
    )
    .join("\n");
}

function report(made: Backtest): string {
  const both = [
    line(made.candidate, made.figures),
    line(`${made.active} (active)`, made.activeFigures),
  ];
  const { compared, equal } = made.recorded;
  const { behind = [] } = made;
  return [
    `${made.rows.toLocaleString("en")} payments, ${made.frauds.toLocaleString("en")} of them frauds`,
    formatTable(both),
    formatTable(
      made.rules.map(({ rule, frauds, honest, precision, recall, alone }) => ({
        rule,
        frauds,
        honest,
        precision: shown(precision),
        recall: shown(recall),
        alone,
      })),
    ),
    ...(compared > 0 ? [`${equal} of ${compared} decisions made then are the same now`] : []),
    ...(behind.length > 0 ? [`the newest events of ${behind.join(", ")} are not counted yet`] : []),
  ].join("\n\n");
}

function line(name: string, figures: Confusion) {
  return {
    rules: name,
    "frauds stopped": figures.stoppedFrauds,
    "frauds passed": figures.passedFrauds,
    "honest stopped": figures.stoppedHonest,
    precision: shown(figures.precision),
    recall: shown(figures.recall),
    saved: figures.saved.toFixed(2),
    lost: figures.lost.toFixed(2),
  };
}

function shown(share: unknown): string {
  return typeof share === "number" ? share.toFixed(3) : "";
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("expected a version");
  return value;
}
