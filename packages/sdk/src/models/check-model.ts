import { createHash } from "node:crypto";
import { EcapError } from "../errors/ecap-error.ts";
import type { ModelRuntime } from "../ports/model-runtime.ts";
import type { ModelContract } from "./model-contract.ts";
import { createScorer, type Scorer } from "./scorer.ts";

/** What a use case asks of its models. */
export interface ModelUse {
  /** As in `fraud`: the registry's key. */
  readonly useCase: string;
  /** Names of the features there are. */
  readonly features: readonly string[];
  /** What a score may be. Default: a probability, 0 to 1. */
  readonly scores?: readonly [least: number, most: number];
  /** Longest a row may take, in milliseconds. Default 25. */
  readonly maxRowMs?: number;
}

/** A model that may be registered. */
export interface CheckedModel {
  readonly contract: ModelContract;
  /** Of the bytes as they came. */
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
  { useCase, features, scores = [0, 1], maxRowMs = 25 }: ModelUse,
  { bytes, sideFile }: { readonly bytes: Uint8Array; readonly sideFile?: unknown },
): Promise<CheckedModel> {
  const scorer = await createScorer(runtime, bytes, features, sideFile);
  try {
    const { contract, model } = scorer;
    const { rowMs, description } = model;
    if (rowMs !== undefined && rowMs > maxRowMs)
      throw invalid(
        `the model takes ${rowMs.toFixed(0)} ms a row; for ${useCase} at most ${maxRowMs} ms are allowed`,
      );
    const golden = await runGolden(scorer, scores);
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
      warnings: warningsOf(contract, rowMs),
    };
  } finally {
    await scorer.close();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function runGolden(
  scorer: Scorer,
  [least, most]: readonly [number, number],
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
  { golden, histograms, training }: ModelContract,
  rowMs: number | undefined,
): readonly string[] {
  return [
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
