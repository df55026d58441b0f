import { EcapError } from "../errors/ecap-error.ts";
import type { ModelTrainer } from "../ports/model-trainer.ts";

/** One trainer of several, each for its algorithms; the first that knows one is asked. */
export function oneTrainer(...trainers: readonly ModelTrainer[]): ModelTrainer {
  const algorithms = trainers.flatMap((trainer) => trainer.algorithms);
  return {
    algorithms,
    async train(batches, spec, options) {
      const { kind } = spec.algorithm;
      const trainer = trainers.find((each) => each.algorithms.includes(kind));
      if (trainer === undefined)
        throw new EcapError(
          "ECAP_TRAINING_DATA",
          `no trainer knows the algorithm "${kind}"; there are ${algorithms.join(", ")}`,
        );
      return trainer.train(batches, spec, options);
    },
  };
}
