export { type TreesModelTrainerOptions, treesModelTrainer } from "./trees-model-trainer.ts";
