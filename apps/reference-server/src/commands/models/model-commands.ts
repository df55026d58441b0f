import { type Command, InvalidArgumentError, Option } from "commander";
import { withApi } from "../context.ts";
import { formatTable } from "../output.ts";
import {
  base,
  type Checked,
  described,
  type FileOptions,
  readInput,
  readJson,
  type Version,
} from "./model-api.ts";
import { addPolicyCommands } from "./policy-commands.ts";
import { addProposalCommands } from "./proposal-commands.ts";
import { addTrainingCommands } from "./training-commands.ts";

interface Performance {
  readonly model: string;
  readonly labelled: number;
  readonly positives: number;
  readonly auc?: number;
  readonly averagePrecision?: number;
  readonly precision?: number;
  readonly recall?: number;
}

interface Comparison {
  readonly first: Performance;
  readonly second: Performance;
  readonly auc?: { readonly difference: number; readonly pValue: number };
}

/** `ecap model`. */
export function addModelCommands(program: Command): void {
  const models = program
    .command("model")
    .description("models that score payments: check, train, register, give roles, compare");
  const add = (name: string, description: string): Command =>
    models
      .command(name)
      .description(description)
      .option("--use-case <name>", "what the models are for", "fraud")
      .addOption(
        new Option("--api-key <key>", "act as the person who has this API key").env("ECAP_API_KEY"),
      );
  addTrainingCommands(add);
  addPolicyCommands(add);
  addProposalCommands(add);
  const contractOption = "contract of a file that has none inside, as JSON";

  add("validate <file>", "check an ONNX file and run its golden vectors, without storing it")
    .option("--contract <file>", contractOption)
    .action(async (file: string, options: FileOptions, command: Command) => {
      const body = await bodyOf(file, options);
      await withApi(command, async (api, { output }) => {
        const path = `${base(options)}/validate`;
        const answer = await api.call<{ valid: boolean; problem?: string; model?: Checked }>(
          "POST",
          path,
          body,
        );
        output.result(answer, () =>
          answer.model === undefined
            ? `not valid: ${answer.problem ?? ""}`
            : `valid\n${described(answer.model)}`,
        );
        if (!answer.valid) process.exitCode = 2;
      });
    });
  add("register <file>", "store an ONNX file as a new version, which scores nothing yet")
    .option("--contract <file>", contractOption)
    .option("--note <note>", "why")
    .action(async (file: string, options: FileOptions, command: Command) => {
      const { note } = options;
      const body = { ...(await bodyOf(file, options)), ...(note !== undefined && { note }) };
      await withApi(command, async (api, { output }) => {
        const made = await api.call<Version>("POST", `${base(options)}/versions`, body);
        output.result(made, () => `version ${made.version} is registered\n${described(made)}`);
      });
    });
  add("list", "versions, newest first, with their roles").action(
    (options: FileOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { items } = await api.call<{ items: Version[] }>(
          "GET",
          `${base(options)}/versions?limit=200`,
        );
        output.result(items, () => formatTable(items.map(line)));
      }),
  );
  for (const [action, description] of [
    ["shadow", "let a version score in shadow"],
    ["challenge", "let a version score beside the champion, to take its place"],
    [
      "promote",
      "make a version the champion; by somebody else than who registered it, so with --api-key",
    ],
    ["retire", "take a version out of its role"],
    ["reinstate", "make a version that was champion before decide again"],
  ] as const)
    add(`${action} <version>`, description).action(
      (version: string, options: FileOptions, command: Command) =>
        move(command, options, { version, action }),
    );
  add(
    "canary <version>",
    "let a version decide for a share of the customers; with --api-key, as promote",
  )
    .requiredOption("--share <share>", "between 0 and 1, as in 0.05", share)
    .action(
      (version: string, options: FileOptions & { readonly share: number }, command: Command) =>
        move(command, options, { version, action: "canary", body: { share: options.share } }),
    );
  add(
    "compare <first> <second>",
    "two models on the payments that both scored, as card-fraud/3 card-fraud/4",
  )
    .requiredOption("--from <time>", "a date or an instant")
    .requiredOption("--to <time>", "a date or an instant, exclusive")
    .option("--threshold <score>", "from which score on a payment counts as a fraud", "0.5")
    .action(
      (
        first: string,
        second: string,
        options: FileOptions & Record<"from" | "to" | "threshold", string>,
        command: Command,
      ) =>
        withApi(command, async (api, { output }) => {
          const { from, to, threshold } = options;
          const query = new URLSearchParams({ first, second, from, to, threshold });
          const made = await api.call<Comparison>(
            "GET",
            `${base(options)}/comparison?${query.toString()}`,
          );
          output.result(made, () => comparison(made));
        }),
    );
}

function move(
  command: Command,
  options: FileOptions,
  {
    version,
    action,
    body,
  }: { readonly version: string; readonly action: string; readonly body?: object },
): Promise<void> {
  return withApi(command, async (api, { output }) => {
    const path = `${base(options)}/versions/${encodeURIComponent(version)}/${action}`;
    const moved = await api.call<Pick<Version, "version" | "state">>("POST", path, body);
    output.result(moved, () => `version ${moved.version} is ${moved.state}`);
  });
}

async function bodyOf(file: string, { contract }: FileOptions) {
  const model = (await readInput(file)).toString("base64");
  return contract === undefined ? { model } : { model, contract: await readJson(contract) };
}

function line({
  version,
  state,
  share: part,
  name,
  members,
  golden,
  rowMs,
  registeredBy,
  registeredAt,
}: Version) {
  return {
    version,
    state: part === undefined ? state : `${state} ${part}`,
    name: members === undefined ? name : `${name} (${members.join(", ")})`,
    golden: golden.rows,
    "ms a row": rowMs?.toFixed(3),
    "registered by": registeredBy,
    at: version === 0 ? "with the platform" : registeredAt,
  };
}

function comparison({ first, second, auc }: Comparison): string {
  const rows = [first, second].map(({ model, auc: area, averagePrecision, precision, recall }) => ({
    model,
    AUC: shown(area),
    "average precision": shown(averagePrecision),
    precision: shown(precision),
    recall: shown(recall),
  }));
  return [
    `${first.labelled.toLocaleString("en")} payments that both scored and of which it is known what they were, ${first.positives.toLocaleString("en")} of them frauds`,
    formatTable(rows),
    auc === undefined
      ? "too few of either kind to say which is better"
      : `AUC of the second less that of the first: ${auc.difference.toFixed(4)} (p = ${auc.pValue.toPrecision(2)}, DeLong)`,
  ].join("\n\n");
}

function shown(figure: number | undefined): string {
  return figure?.toFixed(4) ?? "";
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1))
    throw new InvalidArgumentError("expected a number between 0 and 1");
  return value;
}
