export * from "./calibration.ts";
export * from "./evaluation.ts";
export * from "./one-trainer.ts";
export * from "./segments.ts";
export * from "./shuffle.ts";
export * from "./training-rows.ts";
