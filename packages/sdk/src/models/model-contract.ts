import { z } from "zod";
import { EcapError } from "../errors/ecap-error.ts";
import type { ModelDescription } from "../ports/model-runtime.ts";
import { histogramSchema } from "./histogram.ts";

const name = z.string().min(1).max(200);
const instant = z.iso.datetime({ offset: true }).or(z.iso.date());
const label = z.union([z.string(), z.number()]);
const row = z.array(z.number().nullable().describe("null: missing"));

export interface ModelFeature {
  readonly name: string;
  /** Of the graph's input; where it is said here it is checked. */
  readonly type?: "float32" | "float64" | "int32" | "int64" | "bool" | undefined;
  readonly unit?: string | undefined;
  /** What a missing value becomes: no score at all, NaN, or this number. */
  readonly missing: "refuse" | "nan" | number;
}

const feature = z
  .union([
    name,
    z.strictObject({
      name,
      type: z.enum(["float32", "float64", "int32", "int64", "bool"]).optional(),
      unit: z.string().max(60).optional(),
      missing: z.union([z.enum(["refuse", "nan"]), z.number()]).default("refuse"),
    }),
  ])
  .transform(
    (given): ModelFeature =>
      typeof given === "string" ? { name: given, missing: "refuse" } : given,
  );

/**
 * What a model says of itself, beyond its graph. It is one JSON document: the property `ecap.contract` of the ONNX file's `metadata_props`, or a file beside
 * a model that has none.
 */
export const modelContractSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, "expected letters, digits, dots and dashes, 64 at most"),
  /** The author's; the registry numbers what it holds itself. */
  version: z.string().min(1).max(60).default("0"),
  description: z.string().max(1_000).optional(),
  /** In the order of the model's columns; a name alone is a feature that must not be missing. */
  features: z.array(feature).min(1).max(5_000),
  /** The class whose probability is the score; needed where there are more than two. Default: the last one. */
  positiveLabel: label.optional(),
  /** Version of the feature definitions it was trained on. */
  featuresVersion: z.string().max(60).optional(),
  training: z
    .strictObject({ from: instant, to: instant, rows: z.number().int().min(0).optional() })
    .optional(),
  /** Of the training data: what drift is measured against. */
  histograms: z
    .strictObject({
      score: histogramSchema.optional(),
      features: z.record(z.string(), histogramSchema).default({}),
    })
    .optional(),
  /** Rows with the score, and the label, that the author's library gives for them. */
  golden: z
    .array(z.strictObject({ input: row, score: z.number(), label: label.optional() }))
    .max(1_000)
    .default([]),
  /** How far a golden score may be off, relative to 1 or to the score where that is larger. */
  tolerance: z.number().min(0).max(0.1).default(1e-5),
  /** Rows of the training data that contributions are measured against. Default: those of `golden`. */
  background: z.array(row).max(200).optional(),
});

export type ModelContract = z.output<typeof modelContractSchema>;
export type ModelContractInput = z.input<typeof modelContractSchema>;

const property = "ecap.contract";

/** What a trainer writes into `metadata_props`. ECAP_MODEL_INVALID where the contract is none. */
export function contractMetadata(contract: ModelContractInput): Readonly<Record<string, string>> {
  return { [property]: JSON.stringify(parseContract(contract)) };
}

/** A contract as it stands in a side file; ECAP_MODEL_INVALID names the member that is wrong. */
export function parseContract(document: unknown): ModelContract {
  const parsed = modelContractSchema.safeParse(document);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const at = issue?.path.join(".") ?? "";
    throw invalid(`the contract's ${at === "" ? "document" : at}: ${issue?.message ?? "invalid"}`);
  }
  checkNames(parsed.data);
  return parsed.data;
}

function checkNames({ features, golden, background = [], histograms }: ModelContract): void {
  const names = features.map((each) => each.name);
  const twice = names.find((each, i) => names.indexOf(each) !== i);
  if (twice !== undefined) throw invalid(`the contract names the feature "${twice}" twice`);
  const other = Object.keys(histograms?.features ?? {}).find((each) => !names.includes(each));
  if (other !== undefined)
    throw invalid(`the contract has a histogram of "${other}", which is none of its features`);
  const rows = [
    ...golden.map(({ input }, i) => ({ what: `golden vector ${i + 1}`, input })),
    ...background.map((input, i) => ({ what: `background row ${i + 1}`, input })),
  ];
  const wrong = rows.find(({ input }) => input.length !== names.length);
  if (wrong !== undefined)
    throw invalid(`${wrong.what} has ${wrong.input.length} values, not ${names.length}`);
}

/** The contract of a loaded model: its own, else that of the side file. ECAP_MODEL_INVALID where there is none, or one that does not fit the graph. */
export function readModelContract(
  description: ModelDescription,
  sideFile?: unknown,
): ModelContract {
  const contract = parseContract(contractDocument(description, sideFile));
  checkInputs(description, contract);
  return contract;
}

function contractDocument({ metadata }: ModelDescription, sideFile: unknown): unknown {
  const own = metadata[property];
  if (own === undefined) {
    if (sideFile !== undefined) return sideFile;
    throw invalid(
      `the model says nothing of itself: its metadata_props have no ${property}, and no side file was given`,
    );
  }
  if (sideFile !== undefined)
    throw invalid("the model has a contract of its own; a side file is for models without one");
  try {
    return JSON.parse(own);
  } catch {
    throw invalid(`the model's ${property} is no JSON`);
  }
}

/** One input of all features, or several that share them in order; where each is one feature, it has the feature's name. */
function checkInputs({ inputs }: ModelDescription, { features }: ModelContract): void {
  const widths = inputs.map(({ shape }) => (shape.length < 2 ? 1 : shape.at(-1)));
  const width = widths.reduce<number>(
    (sum, each) => sum + (typeof each === "number" ? each : Number.NaN),
    0,
  );
  if (!Number.isNaN(width) && width !== features.length)
    throw invalid(
      `the model takes ${width} columns and its contract names ${features.length} features`,
    );
  const names = inputs.map((input) => input.name);
  if (
    features.length > 1 &&
    inputs.length === features.length &&
    features.every((each) => names.includes(each.name))
  ) {
    const at = features.findIndex((each, i) => each.name !== names[i]);
    if (at >= 0)
      throw invalid(
        `the model's input ${at + 1} is "${names[at]}" and its contract's feature ${at + 1} is "${features[at]?.name}"`,
      );
  }
  let column = 0;
  inputs.forEach(({ name: input, type }, i) => {
    const own = inputs.length === 1 ? features.length : Number(widths[i]);
    for (const each of features.slice(column, column + own))
      if (each.type !== undefined && each.type !== type)
        throw invalid(
          `the feature "${each.name}" is ${each.type} and the model's input "${input}" takes ${type}`,
        );
    column += own;
  });
}

function invalid(why: string): EcapError {
  return new EcapError("ECAP_MODEL_INVALID", why);
}
