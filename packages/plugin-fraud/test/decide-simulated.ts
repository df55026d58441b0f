import { readFile } from "node:fs/promises";
import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { silentLogger } from "@ecap/sdk";
import { manualClock, memory } from "@ecap/sdk/memory";
import {
  createModelServer,
  createScorer,
  type ModelServerOptions,
  type Scorer,
} from "@ecap/sdk/models";
import type { SimulationOptions } from "@ecap/sdk/simulator";
import { type SimulatedPayment, simulatedPayments } from "../scripts/simulated-payments.ts";
import type { Decision } from "../src/contract.ts";
import { decide } from "../src/decide.ts";
import { featureNames } from "../src/fraud-features.ts";
import { defaultOptions } from "../src/options.ts";
import { createRuleBook } from "../src/rules/rule-book.ts";

export interface DecidedPayment extends SimulatedPayment {
  readonly decision: Decision;
}

/** Decides on every payment of a simulated shop, in order of arrival, with the plugin's defaults and its own model. */
export async function decideSimulated(
  options: SimulationOptions,
): Promise<readonly DecidedPayment[]> {
  const clock = manualClock(options.from);
  const { stateStore } = memory({ clock });
  const bytes = await readFile(new URL("../models/baseline.onnx", import.meta.url));
  const scorer = await createScorer(onnxModelRuntime(), bytes, featureNames);
  const models = createModelServer({ book: bookOf(scorer), deadlineMs: 5_000 });
  const { modelPoints } = defaultOptions;
  const rules = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints });
  const decided: DecidedPayment[] = [];
  for (const payment of simulatedPayments(options)) {
    clock.set(Math.max(payment.at, clock.now()));
    const { decision } = await decide(payment.transaction, {
      thresholds: defaultOptions.thresholds,
      stateStore,
      clock,
      rules,
      models,
    });
    decided.push({ ...payment, decision });
  }
  return decided;
}

/** One champion, for every tenant. */
function bookOf(scorer: Scorer): ModelServerOptions["book"] {
  const champion = { version: 0, label: "baseline/0", scorer };
  const others = { canary: undefined, challenger: undefined, shadows: [] };
  return { current: () => ({ revision: 0, champion, ...others }) };
}
