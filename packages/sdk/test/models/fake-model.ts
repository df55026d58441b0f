import { contractMetadata, type ModelContractInput } from "../../src/models/index.ts";
import type { LoadedModel, ModelDescription, ModelRuntime } from "../../src/ports/index.ts";

export const twoClasses: ModelDescription = {
  inputs: [{ name: "x", type: "float32", shape: ["N", 2] }],
  outputs: [],
  labels: ["good", "fraud"],
  producer: "test",
  opsets: {},
  metadata: {},
};

export function described(
  contract: Partial<ModelContractInput> = {},
  more: Partial<ModelDescription> = {},
): ModelDescription {
  return {
    ...twoClasses,
    ...more,
    metadata: contractMetadata({ name: "m", features: ["a", "b"], ...contract }),
  };
}

export interface FakeModel {
  readonly description: ModelDescription;
  /** Probability of the last class. Default: 0.5. */
  readonly score?: (row: readonly number[]) => number | Promise<number>;
  readonly rowMs?: number;
  readonly apart?: boolean;
}

/** A runtime whose models are functions: the bytes are the model's place in a list. */
export function fakeRuntime(): ModelRuntime & {
  readonly closed: string[];
  add(model: FakeModel): Uint8Array;
} {
  const models: FakeModel[] = [];
  const closed: string[] = [];
  return {
    closed,
    add(model) {
      models.push(model);
      return Uint8Array.of(models.length - 1);
    },
    async load(bytes): Promise<LoadedModel> {
      const model = models[bytes[0] ?? 0];
      if (model === undefined) throw new Error("no such model");
      const { description, score = () => 0.5, rowMs = 0.02, apart = false } = model;
      const ask = async (row: readonly number[]) => {
        const fraud = await score(row);
        return { label: fraud > 0.5 ? "fraud" : "good", scores: [1 - fraud, fraud] };
      };
      return {
        description,
        rowMs,
        apart,
        score: ask,
        scoreBatch: (rows) => Promise.all(rows.map(ask)),
        async close() {
          closed.push(String(bytes[0]));
        },
      };
    },
  };
}
