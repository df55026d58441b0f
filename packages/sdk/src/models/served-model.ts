import type { Ensemble } from "./ensemble/ensemble.ts";
import type { Scorer } from "./scorer.ts";

/** A version that is loaded. */
export interface ServedModel {
  readonly version: number;
  /** Name and version, as in `card-fraud/3`. */
  readonly label: string;
  readonly scorer: Scorer;
  /** Of an ensemble. */
  readonly parts?: EnsembleParts;
}

/** What an ensemble is made of; its members are asked by themselves, so that one that is late or fails can be left out. */
export interface EnsembleParts {
  readonly ensemble: Ensemble;
  /** In the order of the ensemble's weights. */
  readonly members: readonly ModelInRole[];
}

/** One that cannot be loaded: what it should have scored says why. */
export interface BrokenModel {
  readonly version: number;
  readonly label: string;
  readonly failure: Error;
}

export type ModelInRole = ServedModel | BrokenModel;

/** What scores a tenant's entities at one moment: a decision takes it once. */
export interface ModelsInForce {
  readonly revision: number;
  /** Absent: the use case has no model. */
  readonly champion: ModelInRole | undefined;
  readonly canary: { readonly model: ModelInRole; readonly share: number } | undefined;
  readonly challenger: ModelInRole | undefined;
  readonly shadows: readonly ModelInRole[];
}

/** Those that have a role. */
export function modelsOf({
  champion,
  canary,
  challenger,
  shadows,
}: ModelsInForce): readonly ModelInRole[] {
  return [champion, canary?.model, challenger, ...shadows].filter((model) => model !== undefined);
}

/** Those that have a role, and the members of ensembles among them, each once. */
export function loadedOf(inForce: ModelsInForce): readonly ModelInRole[] {
  const models = modelsOf(inForce);
  return [...new Set([...models, ...models.flatMap(membersOf)])];
}

export function membersOf(model: ModelInRole): readonly ModelInRole[] {
  return "scorer" in model ? (model.parts?.members ?? []) : [];
}
