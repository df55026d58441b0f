import { setTimeout as sleep } from "node:timers/promises";
import { EcapError } from "@ecap/sdk";
import { type Command, Option } from "commander";
import { withApi } from "../context.ts";
import {
  type AddCommand,
  base,
  described,
  readJson,
  type UseCaseOptions,
  type Version,
} from "./model-api.ts";

/** `ecap model train` and `ecap model ensemble`. */
export function addTrainingCommands(add: AddCommand): void {
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
    "ensemble [file]",
    "register the ensemble of a JSON document; or learn from decisions and their labels how --members become one score",
  )
    .option("--members <models...>", "registered models, as card-fraud/3 card-network/4")
    .option("--from <time>", "first payments, after all that the members learned from")
    .option("--to <time>", "exclusive, and long enough ago for the labels to have come")
    .addOption(
      new Option("--combination <kind>", "a logistic regression of the scores, or their mean")
        .choices(["stacked", "weighted"])
        .default("stacked"),
    )
    .addOption(
      new Option("--calibration <kind>", "what makes probabilities of the combined scores")
        .choices(["none", "platt", "isotonic"])
        .default("none"),
    )
    .option("--name <name>", "of what is learned", "fraud-ensemble")
    .option("--no-challenge", "register it only")
    .option("--note <note>", "why")
    .action((file: string | undefined, options: EnsembleOptions, command: Command) =>
      ensemble(command, file, options),
    );
}

interface Figures {
  readonly auc: number;
  readonly averagePrecision: number;
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
    readonly validation?: Figures;
    readonly members?: ReadonlyArray<Figures & { readonly model: string }>;
    readonly seconds: number;
  };
  readonly version?: number;
  readonly problem?: string;
}

interface LearnOptions extends UseCaseOptions {
  readonly name: string;
  readonly note?: string;
  readonly challenge: boolean;
}

interface TrainOptions extends LearnOptions {
  readonly from: string;
  readonly to: string;
  readonly algorithm: string;
  readonly seed?: string;
  readonly balanced?: boolean;
}

interface EnsembleOptions extends LearnOptions {
  readonly from?: string;
  readonly to?: string;
  readonly members?: readonly string[];
  readonly combination: string;
  readonly calibration: string;
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
    name,
    ...(seed !== undefined && { seed: Number(seed) }),
    ...(options.balanced === true && { classWeights: "balanced" }),
    ...(note !== undefined && { note }),
  };
  return follow(command, options, { path: "trainings", body });
}

/** Registers the ensemble of a document, or learns one from the decisions of a period. */
async function ensemble(
  command: Command,
  file: string | undefined,
  options: EnsembleOptions,
): Promise<void> {
  const { from, to, members, combination, calibration, name, challenge, note } = options;
  const noted = note !== undefined && { note };
  if (file === undefined) {
    if (from === undefined || to === undefined || members === undefined)
      throw new EcapError(
        "ECAP_REQUEST_INVALID",
        "either the file of an ensemble, or --members, --from and --to",
      );
    const body = { from, to, members, combination, calibration, name, challenge, ...noted };
    return follow(command, options, { path: "ensembles", body });
  }
  const body = { ensemble: await readJson(file), ...noted };
  return withApi(command, async (api, { output }) => {
    const made = await api.call<Version>("POST", `${base(options)}/versions`, body);
    output.result(made, () => `version ${made.version} is registered\n${described(made)}`);
  });
}

/** Begins a training and follows it to its end. */
function follow(
  command: Command,
  options: UseCaseOptions,
  { path: kind, body }: { readonly path: string; readonly body: object },
): Promise<void> {
  return withApi(command, async (api, { output }) => {
    let training = await api.call<Training>("POST", `${base(options)}/${kind}`, body);
    const path = `${base(options)}/trainings`;
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
  const { rows, positives, steps, validation, members = [], seconds } = report;
  return [
    `version ${version} is registered`,
    `${rows.toLocaleString("en")} payments, ${positives.toLocaleString("en")} of them frauds; ${steps} steps in ${seconds.toFixed(1)} s`,
    ...(validation === undefined
      ? []
      : [
          `on the last payments, which it did not learn from: ${told(validation)}`,
          ...members.map((member) => `${member.model} alone: ${told(member)}`),
        ]),
  ].join("\n");
}

function told({ auc, averagePrecision }: Figures): string {
  return `AUC ${auc.toFixed(4)}, average precision ${averagePrecision.toFixed(4)}`;
}
