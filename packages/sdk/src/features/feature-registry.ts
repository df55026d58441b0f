import { EcapError } from "../errors/ecap-error.ts";
import type { StateStore } from "../ports/state-store.ts";
import { jsonOf, updateJson } from "../state/json-value.ts";
import type { FeatureProof } from "./feature-proof.ts";
import type { FeatureSet } from "./feature-set.ts";

export interface RegisteredFeatures {
  readonly set: string;
  readonly version: string;
  readonly features: readonly string[];
  /** Epoch milliseconds. */
  readonly registeredAt: number;
  /** Absent: nobody has shown yet that both sides give the same. */
  readonly tested?: FeatureProof & { readonly testedAt: number };
}

export interface FeatureRegistry {
  /** Registers the set as it is now, with a proof as tested. A proof of another version, of nothing, or of sides that differ is ECAP_FEATURES_UNEQUAL, and nothing is registered. */
  register(
    set: Pick<FeatureSet<never>, "name" | "version"> & {
      readonly features: ReadonlyArray<{ readonly name: string }>;
    },
    proof?: FeatureProof,
  ): Promise<RegisteredFeatures>;
  /** Every version that was registered, newest last. */
  list(set: string): Promise<readonly RegisteredFeatures[]>;
}

/** Which feature sets, in which versions, have been shown to be equal online and offline. Kept in the state store, below `feature-sets/`. */
export function featureRegistry(
  stateStore: StateStore,
  { now }: { readonly now: () => number },
): FeatureRegistry {
  return {
    async register({ name, version, features }, proof) {
      if (proof !== undefined) assertEqual({ name, version }, proof);
      const key = `feature-sets/${name}/${version}`;
      const [stored] = await stateStore.get([key]);
      if (stored !== undefined && proof === undefined) return decode(stored.value);
      const registered = await updateJson<RegisteredFeatures>(stateStore, key, (known) => {
        // Somebody else may have registered it meanwhile, with a proof.
        if (known !== undefined && proof === undefined) return known;
        return {
          set: name,
          version,
          features: features.map((feature) => feature.name),
          registeredAt: known?.registeredAt ?? now(),
          ...(proof !== undefined && { tested: { ...proof, testedAt: now() } }),
        };
      });
      await stateStore.flush();
      return registered;
    },
    async list(set) {
      const found: RegisteredFeatures[] = [];
      for await (const { value } of stateStore.scan(`feature-sets/${set}/`))
        found.push(decode(value));
      return found.toSorted((a, b) => a.registeredAt - b.registeredAt);
    },
  };
}

function assertEqual(
  { name, version }: { readonly name: string; readonly version: string },
  proof: FeatureProof,
): void {
  const refuse = (what: string, received: unknown): never => {
    throw new EcapError("ECAP_FEATURES_UNEQUAL", `"${name}" is not registered as tested: ${what}`, {
      received,
    });
  };
  if (proof.set !== name || proof.version !== version)
    refuse("the proof is of another version", { set: proof.set, version: proof.version });
  if (proof.values === 0) refuse("nothing was compared", { replayed: proof.replayed });
  if (proof.unequal > 0)
    refuse(`${proof.unequal} of ${proof.values} values differ`, proof.examples);
}

function decode(value: Uint8Array): RegisteredFeatures {
  return jsonOf(value) as RegisteredFeatures;
}
