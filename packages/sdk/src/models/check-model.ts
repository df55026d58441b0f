import { createHash } from "node:crypto";
import { EcapError } from "../errors/ecap-error.ts";
import type { ModelRuntime } from "../ports/model-runtime.ts";
import type { Ensemble } from "./ensemble/ensemble.ts";
import { parseEnsemble } from "./ensemble/ensemble-document.ts";
import { createEnsembleScorer } from "./ensemble/ensemble-scorer.ts";
import type { ModelContract } from "./model-contract.ts";
import { createScorer, type ModelScorer, type Scorer } from "./scorer.ts";

/** What a use case asks of its models. */
export interface ModelUse {
  /** As in `fraud`: the registry's key. */
  readonly useCase: string;
  /** Names of the features there are. */
  readonly features: readonly string[];
  /** Of these, what not everything that is scored has. */
  readonly mayBeMissing?: readonly string[];
  /** What a score may be. Default: a probability, 0 to 1. */
  readonly scores?: readonly [least: number, most: number];
  /** Longest a row may take, in milliseconds. Default 25. */
  readonly maxRowMs?: number;
}

/** A model that may be registered. */
export interface CheckedModel {
  readonly contract: ModelContract;
  /** How its members become one score, of an ensemble. */
  readonly ensemble?: Ensemble;
  /** Of the bytes as they came; of an ensemble of its document as JSON. */
  readonly sha256: string;
  readonly bytes: number;
  readonly producer: string;
  readonly opsets: Readonly<Record<string, number>>;
  readonly inputs: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly labels?: ReadonlyArray<string | number>;
  readonly rowMs?: number;
  readonly golden: { readonly rows: number; readonly largestDifference: number };
  /** What is not wrong, and might be better. */
  readonly warnings: readonly string[];
}

/** Loads a model, checks it against its contract and the use case, and runs its golden vectors; ECAP_MODEL_INVALID says why it cannot be used. */
export async function checkModel(
  runtime: ModelRuntime,
  use: ModelUse,
  { bytes, sideFile }: { readonly bytes: Uint8Array; readonly sideFile?: unknown },
): Promise<CheckedModel> {
  const scorer = await createScorer(runtime, bytes, use.features, sideFile);
  try {
    const { contract, model } = scorer;
    const { rowMs, description } = model;
    checkTime(rowMs, use);
    const golden = await runGolden(scorer, use);
    return {
      contract,
      sha256: sha256(bytes),
      bytes: bytes.length,
      producer: description.producer,
      opsets: description.opsets,
      inputs: description.inputs.map(({ name, type }) => ({ name, type })),
      ...(description.labels !== undefined && { labels: description.labels }),
      ...(rowMs !== undefined && { rowMs }),
      golden,
      warnings: warningsOf(contract, rowMs, use),
    };
  } finally {
    await scorer.close();
  }
}

/**
 * Checks an ensemble's document, loads its members and runs its golden vectors; ECAP_MODEL_INVALID says why it cannot be used. `open` gives a member's scorer by
 * its label, and is not asked for more than one document names.
 */
export async function checkEnsemble(
  open: (label: string) => Promise<ModelScorer>,
  use: ModelUse,
  document: unknown,
): Promise<CheckedModel> {
  const { ensemble, contractOf } = parseEnsemble(document);
  const opened = await Promise.allSettled(ensemble.members.map(open));
  const members = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    const failed = opened.find((each) => each.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    const contract = contractOf(members.map((member) => member.contract));
    const times = members.map(({ model }) => model.rowMs);
    const rowMs = times.includes(undefined)
      ? undefined
      : times.reduce<number>((sum, each) => sum + (each ?? 0), 0);
    checkTime(rowMs, use);
    const text = new TextEncoder().encode(JSON.stringify(document));
    return {
      contract,
      ensemble,
      sha256: sha256(text),
      bytes: text.length,
      producer: "",
      opsets: {},
      inputs: [],
      ...(rowMs !== undefined && { rowMs }),
      golden: await runGolden(createEnsembleScorer(ensemble, contract, members), use),
      warnings: warningsOf(contract, rowMs, use),
    };
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}

function checkTime(rowMs: number | undefined, { useCase, maxRowMs = 25 }: ModelUse): void {
  if (rowMs !== undefined && rowMs > maxRowMs)
    throw invalid(
      `the model takes ${rowMs.toFixed(0)} ms a row; for ${useCase} at most ${maxRowMs} ms are allowed`,
    );
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function runGolden(
  scorer: Scorer,
  { scores: [least, most] = [0, 1] }: ModelUse,
): Promise<CheckedModel["golden"]> {
  const { golden, tolerance } = scorer.contract;
  const answers = await scorer
    .scoreRows(golden.map(({ input }) => input.map((value) => value ?? Number.NaN)))
    .catch((error: unknown) => {
      throw invalid(
        `its golden vectors cannot be scored: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  let largestDifference = 0;
  golden.forEach(({ score, label }, i) => {
    const { score: got = Number.NaN, label: said } = answers[i] ?? {};
    const difference = Math.abs(got - score);
    if (!(difference <= tolerance * Math.max(1, Math.abs(score))))
      throw invalid(
        `golden vector ${i + 1} scores ${got} and its contract says ${score}; at most ${tolerance} may be between them`,
      );
    if (got < least || got > most)
      throw invalid(
        `golden vector ${i + 1} scores ${got}; a score from ${least} to ${most} is needed, as of a model that ends in a sigmoid`,
      );
    if (label !== undefined && said !== label)
      throw invalid(`golden vector ${i + 1} gets the label ${said} and its contract says ${label}`);
    largestDifference = Math.max(largestDifference, difference);
  });
  return { rows: golden.length, largestDifference };
}

function warningsOf(
  { features, golden, histograms, training }: ModelContract,
  rowMs: number | undefined,
  { mayBeMissing = [] }: ModelUse,
): readonly string[] {
  const refused = features
    .filter(({ name, missing }) => missing === "refuse" && mayBeMissing.includes(name))
    .map(({ name }) => name);
  return [
    ...(refused.length > 0
      ? [`it gives no score where one of these is missing: ${refused.join(", ")}`]
      : []),
    ...(golden.length === 0
      ? ["no golden vectors: nothing shows that it scores here as it does where it was trained"]
      : []),
    ...(histograms === undefined ? ["no reference histograms: drift cannot be measured"] : []),
    ...(training === undefined ? ["no training period"] : []),
    ...(rowMs === undefined ? ["it refuses a row of zeros, so its time is not known"] : []),
  ];
}

function invalid(why: string): EcapError {
  return new EcapError("ECAP_MODEL_INVALID", why);
}
