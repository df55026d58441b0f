export type { TfjsModelTrainerOptions } from "./tfjs-model-trainer.ts";
export { tfjsModelTrainer } from "./tfjs-model-trainer.ts";
