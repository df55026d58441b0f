import type { Clock, QueryEngine, StateStore } from "@ecap/sdk";
import {
  type Arrival,
  compareSides,
  type FeatureProof,
  type FeatureValues,
  featureRegistry,
  type RegisteredFeatures,
} from "@ecap/sdk/features";
import { fraudFeatures } from "../fraud-features.ts";
import type { PaymentSubject } from "../signals/signal.ts";
import type { RecordedPeriod } from "./recorded-payments.ts";

export interface FeatureDesk {
  /** Makes the features of this release known; what was shown of them before stays. */
  register(): Promise<RegisteredFeatures>;
  /** Every version of the features that decided here, newest last. */
  versions(): Promise<readonly RegisteredFeatures[]>;
  /**
   * Replays the payments of a period from the lake and compares every feature with what each decision saw then. Where all are equal the features are
   * registered as tested.
   */
  prove(period: RecordedPeriod): Promise<FeatureProof>;
}

export function createFeatureDesk({
  stateStore,
  clock,
  engine,
}: {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly engine: () => QueryEngine;
}): FeatureDesk {
  const registry = featureRegistry(stateStore, clock);
  return {
    register: () => registry.register(fraudFeatures),
    versions: () => registry.list(fraudFeatures.name),
    async prove(period) {
      // Loaded here, for the query builder takes longer to load than all else of the plugin.
      const { recordedPayments } = await import("./recorded-payments.ts");
      const seen = new WeakMap<Arrival<PaymentSubject>, FeatureValues>();
      async function* arrivals() {
        for await (const payment of recordedPayments(engine(), period)) {
          period.signal?.throwIfAborted();
          if (payment.seen !== undefined) seen.set(payment.arrival, payment.seen);
          yield payment.arrival;
        }
      }
      const proof = await compareSides(fraudFeatures, arrivals(), (arrival) => seen.get(arrival));
      if (proof.unequal === 0 && proof.values > 0) await registry.register(fraudFeatures, proof);
      return proof;
    },
  };
}
