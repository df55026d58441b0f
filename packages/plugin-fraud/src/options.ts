import { z } from "zod";
import { caseOptions, defaultCaseOptions } from "./cases/case-options.ts";

/** What holds where nothing is said. */
export const defaultOptions = {
  thresholds: { challenge: 30, review: 50, decline: 80 },
  model: "baseline",
  modelPoints: 75,
  modelTimeoutMs: 50,
  cases: defaultCaseOptions,
} as const;

const points = z.number().min(0).max(100);

export const fraudOptions = z
  .strictObject({
    /** Least score of each outcome above approve. */
    thresholds: z
      .strictObject({ challenge: points, review: points, decline: points })
      .default(defaultOptions.thresholds),
    /** ONNX bytes of a model whose contract names features of this plugin; "baseline" is the one that comes with it, "none" leaves it to the rules. */
    model: z
      .union([z.enum(["baseline", "none"]), z.instanceof(Uint8Array)])
      .default(defaultOptions.model),
    /** Points a probability of 1 adds; half of it adds 8 fewer. */
    modelPoints: points.default(defaultOptions.modelPoints),
    /** How long a decision waits for the model before the rules decide alone. */
    modelTimeoutMs: z.number().int().min(1).max(10_000).default(defaultOptions.modelTimeoutMs),
    /** Which decisions become cases, what belongs together, and when a case is due. */
    cases: caseOptions,
    /** Files in MaxMind's format that say where addresses are (GeoIP2 or GeoLite2 City) and which hide somebody (GeoIP2 Anonymous IP). One that cannot be read keeps the plugin from starting; without one, decisions name what they miss. */
    geoip: z
      .strictObject({ city: z.string().min(1).optional(), anonymous: z.string().min(1).optional() })
      .optional(),
  })
  .refine(
    ({ thresholds }) =>
      thresholds.challenge <= thresholds.review && thresholds.review <= thresholds.decline,
    {
      message: "must ascend: challenge, review, decline",
      path: ["thresholds"],
    },
  )
  .optional();
