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
import type { Decision } from "../src/contract.ts";
import { countPayment, decide } from "../src/decide.ts";
import { featureNames } from "../src/fraud-features.ts";
import { defaultOptions } from "../src/options.ts";
import { createRuleBook } from "../src/rules/rule-book.ts";
import { type SimulatedPayment, simulatedPayments } from "./simulated-payments.ts";

export interface DecidedPayment extends SimulatedPayment {
  readonly decision: Decision;
}

/** The model that comes with the plugin. */
export const baseline = new URL("../models/baseline.onnx", import.meta.url);

/**
 * Decides on the payments of a simulated shop in order of arrival, as the plugin does with what holds where nothing is said: those that were authorised
 * are decided on, refused ones and refunds count for what follows. Without a model the rules decide alone.
 */
export async function* decideSimulated(
  options: SimulationOptions,
  { model }: { readonly model?: URL | undefined } = { model: baseline },
): AsyncGenerator<DecidedPayment> {
  const clock = manualClock(options.from);
  const { stateStore } = memory({ clock });
  const models = model && (await serverOf(await readFile(model)));
  const { modelPoints, thresholds } = defaultOptions;
  const rules = createRuleBook({ stateStore, clock, logger: silentLogger, modelPoints });
  for (const payment of simulatedPayments(options)) {
    const { transaction, at } = payment;
    clock.set(Math.max(at, clock.now()));
    if (transaction.failed === true || transaction.refund !== undefined)
      await countPayment(transaction, stateStore);
    else {
      const asked = { thresholds, stateStore, clock, rules, models };
      yield { ...payment, decision: (await decide(transaction, asked)).decision };
    }
  }
}

async function serverOf(bytes: Uint8Array) {
  const scorer = await createScorer(onnxModelRuntime(), bytes, featureNames);
  return createModelServer({ book: bookOf(scorer), deadlineMs: 5_000 });
}

/** One champion, for every tenant. */
function bookOf(scorer: Scorer): ModelServerOptions["book"] {
  const champion = { version: 0, label: "baseline/0", scorer };
  const others = { canary: undefined, challenger: undefined, shadows: [] };
  return { current: () => ({ revision: 0, champion, ...others }) };
}
