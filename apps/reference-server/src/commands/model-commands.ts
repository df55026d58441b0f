import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { EcapError } from "@ecap/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withApi } from "./context.ts";
import { formatTable } from "./output.ts";

interface Checked {
  readonly name: string;
  readonly sha256: string;
  readonly producer: string;
  readonly rowMs?: number;
  readonly golden: { readonly rows: number; readonly largestDifference: number };
  readonly warnings: readonly string[];
}

interface Version extends Checked {
  readonly version: number;
  readonly state: string;
  readonly share?: number;
  readonly registeredBy: string;
  readonly registeredAt: string;
}

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

interface FileOptions {
  readonly useCase: string;
  readonly contract?: string;
  readonly note?: string;
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
  add("train", "train a model on decisions and their labels, and register it as challenger")
    .requiredOption("--from <time>", "first payments, a date or an instant")
    .requiredOption("--to <time>", "exclusive, and long enough ago for the labels to have come")
    .addOption(
      new Option("--algorithm <name>", "what is trained")
        .choices(Object.keys(algorithms))
        .default("boosted"),
    )
    .option("--name <name>", "of the model", "fraud-trained")
    .option("--seed <number>", "equal seeds and payments give equal models", "1")
    .option("--balanced", "make frauds weigh as much as all other payments")
    .option("--no-challenge", "register it only")
    .option("--note <note>", "why")
    .action((options: TrainOptions, command: Command) => train(command, options));
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

interface Training {
  readonly id: string;
  readonly state: "running" | "done" | "failed" | "lost";
  readonly progress?: {
    readonly step: number;
    readonly steps: number;
    readonly validationLoss?: number;
  };
  readonly report?: {
    readonly rows: number;
    readonly positives: number;
    readonly steps: number;
    readonly validation?: { readonly auc: number; readonly averagePrecision: number };
    readonly seconds: number;
  };
  readonly version?: number;
  readonly problem?: string;
}

interface TrainOptions extends FileOptions {
  readonly from: string;
  readonly to: string;
  readonly algorithm: string;
  readonly name?: string;
  readonly seed?: string;
  readonly balanced?: boolean;
  readonly challenge: boolean;
}

const algorithms = {
  logistic: { kind: "network", hidden: [] },
  network: { kind: "network", hidden: [64, 32], dropout: 0.2 },
  forest: { kind: "forest" },
  boosted: { kind: "boosted" },
} as const;

/** Trains and follows it to its end; on a server it goes on where this command is stopped. */
function train(command: Command, options: TrainOptions): Promise<void> {
  const { from, to, name, seed, note } = options;
  const body = {
    from,
    to,
    algorithm: algorithms[options.algorithm as keyof typeof algorithms],
    challenge: options.challenge,
    ...(name !== undefined && { name }),
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(options.balanced === true && { classWeights: "balanced" }),
    ...(note !== undefined && { note }),
  };
  return withApi(command, async (api, { output }) => {
    const path = `${base(options)}/trainings`;
    let training = await api.call<Training>("POST", path, body);
    let said = 0;
    while (training.state === "running") {
      await sleep(500);
      training = await api.call<Training>("GET", `${path}/${training.id}`);
      const { step = 0, steps = 0, validationLoss } = training.progress ?? {};
      if (step === said) continue;
      said = step;
      const loss = validationLoss === undefined ? "" : `, loss ${validationLoss.toPrecision(4)}`;
      output.note(`${step} of at most ${steps}${loss}`);
    }
    if (training.state !== "done") process.exitCode = 2;
    output.result(training, () => trained(training));
  });
}

function trained({ state, report, version, problem }: Training): string {
  if (report === undefined) return `the training is ${state}${problem ? `: ${problem}` : ""}`;
  const { rows, positives, steps, validation, seconds } = report;
  return [
    `version ${version} is registered`,
    `${rows.toLocaleString("en")} payments, ${positives.toLocaleString("en")} of them frauds; ${steps} steps in ${seconds.toFixed(1)} s`,
    ...(validation === undefined
      ? []
      : [
          `on the last payments, which it did not learn from: AUC ${validation.auc.toFixed(4)}, average precision ${validation.averagePrecision.toFixed(4)}`,
        ]),
  ].join("\n");
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

function base({ useCase }: FileOptions): string {
  return `/v1/models/${encodeURIComponent(useCase)}`;
}

async function bodyOf(file: string, { contract }: FileOptions) {
  const model = (await read(file)).toString("base64");
  if (contract === undefined) return { model };
  const text = (await read(contract)).toString("utf8");
  try {
    return { model, contract: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new EcapError("ECAP_REQUEST_INVALID", `${contract} is no JSON`, { cause });
  }
}

function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new EcapError("ECAP_FILE_UNREADABLE", `${file} cannot be read`, { cause });
  });
}

function described({ name, sha256, producer, rowMs, golden, warnings }: Checked): string {
  return [
    `${name}, made by ${producer || "nobody knows what"}, SHA-256 ${sha256}`,
    `${golden.rows} golden vectors, off by ${golden.largestDifference.toExponential(1)} at most`,
    ...(rowMs === undefined ? [] : [`${rowMs.toFixed(3)} ms a row`]),
    ...warnings.map((warning) => `note: ${warning}`),
  ].join("\n");
}

function line({
  version,
  state,
  share: part,
  name,
  golden,
  rowMs,
  registeredBy,
  registeredAt,
}: Version) {
  return {
    version,
    state: part === undefined ? state : `${state} ${part}`,
    name,
    golden: golden.rows,
    "ms a row": rowMs?.toFixed(3),
    "registered by": registeredBy,
    at: registeredAt,
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
