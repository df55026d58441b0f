import { modelsOf, type Scorer } from "@ecap/sdk/models";
import type { Counterfactual } from "./contract.ts";
import type { Decided } from "./decide.ts";
import type { FraudModels } from "./models/fraud-models.ts";
import type { CompiledRuleSet } from "./rules/compile-rule-set.ts";
import { breakpointsOf } from "./rules/counterfactual/breakpoints.ts";
import { type ChangeableNumber, counterfactuals } from "./rules/counterfactual/counterfactual.ts";
import type { Thresholds } from "./rules/evaluate.ts";
import { fields, scopeWith, slotOf } from "./rules/fields.ts";
import type { Facts, ListLookup } from "./rules/language/index.ts";
import { silencedFor } from "./rules/snoozes.ts";

/** A decision that is asked again, with what it was made from. */
export interface AskedAgain {
  readonly ruleSet: CompiledRuleSet;
  readonly facts: Facts;
  readonly snoozes: ListLookup;
  readonly thresholds: Thresholds;
  /** The model that decided; absent where none did, or it is gone. */
  readonly scorer: Scorer | undefined;
}

const modelSlot = slotOf("model.score");
/** Where the amount is among the facts, as the payment's and as a feature. */
const amountSlots = [slotOf("payment.amount"), slotOf("amount")];
const featureNumbers = fields.flatMap((field) =>
  field.of === "features" && field.key !== "amount" ? [field] : [],
);
const featureSlots: ReadonlyMap<string, number> = new Map(
  fields.flatMap((field) =>
    field.of === "features" ? [[field.key, slotOf(field.name)] as const] : [],
  ),
);
const usualRows = 100;

/**
 * With which changes the payment would have been approved. What may change is the amount and every feature, each by itself: one that is made from
 * another is not made anew. Who pays with what from where and when does not change, nor what is on a list, nor what is not known; a rule that looks at
 * nothing else is told as one that would not have held. The model is asked again about every change; one that cannot be asked keeps its score, which
 * may then change as another number.
 */
export async function paymentCounterfactuals(
  asked: AskedAgain,
): Promise<readonly Counterfactual[]> {
  const { scorer } = asked;
  const isScored = asked.ruleSet.reads.includes(modelSlot) && !Number.isNaN(asked.facts[modelSlot]);
  if (scorer === undefined || !isScored) return counterfactuals(questionOf(asked));
  try {
    const usual = await usualValues(scorer);
    return await counterfactuals(questionOf(asked, { scorer, usual }));
  } catch {
    // A model that fails now does not take the rules' answer away.
    return counterfactuals(questionOf(asked));
  }
}

/** The model of this name and version, where it still scores payments. */
export async function scorerOf(
  models: Pick<FraudModels, "book">,
  tenant: string,
  label: string,
): Promise<Scorer | undefined> {
  const found = modelsOf(await models.book.current(tenant)).find((each) => each.label === label);
  return found !== undefined && "scorer" in found ? found.scorer : undefined;
}

/** A decision just made with its counterfactuals, unless it is approve. */
export async function withCounterfactuals(
  decided: Decided,
  { models, thresholds }: { readonly models: FraudModels; readonly thresholds: Thresholds },
): Promise<Decided> {
  const { decision, facts, rules } = decided;
  if (decision.outcome === "approve") return decided;
  const { model } = decision.versions;
  const found = await paymentCounterfactuals({
    ruleSet: rules.active,
    snoozes: rules.snoozes,
    facts,
    thresholds,
    scorer: model === undefined ? undefined : await scorerOf(models, decision.tenant, model),
  });
  return { ...decided, decision: { ...decision, counterfactuals: found } };
}

function questionOf(
  { ruleSet, facts, snoozes, thresholds }: AskedAgain,
  model?: { readonly scorer: Scorer; readonly usual: ReadonlyMap<string, readonly number[]> },
): Parameters<typeof counterfactuals>[0] {
  const breakpoints = breakpointsOf(ruleSet.document, scopeWith(ruleSet.lists));
  const modelSlots =
    model?.scorer.contract.features.map(({ name }) => featureSlots.get(name) ?? -1) ?? [];
  const seen = new Set([...ruleSet.reads, ...modelSlots]);
  const number = (field: string, slots: readonly number[], key?: string): ChangeableNumber => ({
    field,
    slots,
    breakpoints: slots.flatMap((slot) => breakpoints.get(slot) ?? []),
    usual: (key !== undefined && model?.usual.get(key)) || [],
  });
  const numbers = [
    number("payment.amount", amountSlots, "amount"),
    ...featureNumbers.map(({ name, key }) => number(name, [slotOf(name)], key)),
    ...(model === undefined ? [number("model.score", [modelSlot])] : []),
  ];
  return {
    ruleSet,
    facts,
    thresholds,
    silenced: silencedFor(snoozes, facts),
    numbers: numbers.filter(({ slots }) => slots.some((slot) => seen.has(slot))),
    model: model && {
      slot: modelSlot,
      score: async (changed) => {
        const rows = changed.map((each) => modelSlots.map((slot) => each[slot] as number));
        return (await model.scorer.scoreRows(rows)).map(({ score }) => score);
      },
    },
  };
}

/** Of each feature of the model some values of honest payments: of the rows it is explained against, that half which it gives the lower scores. */
async function usualValues(scorer: Scorer): Promise<ReadonlyMap<string, readonly number[]>> {
  const { contract } = scorer;
  const given = contract.background ?? contract.golden.map(({ input }) => input);
  const rows = given.slice(0, usualRows).flatMap((values) => {
    try {
      return [scorer.fill(values.map((value) => value ?? Number.NaN))];
    } catch {
      // One that lacks what must be there says nothing of what is usual.
      return [];
    }
  });
  const scores = (await scorer.scoreRows(rows)).map(({ score }) => score);
  const order = rows.map((_, i) => i).toSorted((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  const honest = order.slice(0, Math.ceil(order.length / 2)).map((i) => rows[i] ?? []);
  return new Map(
    contract.features.map(({ name }, at) => {
      const values = honest.map((row) => row[at] ?? Number.NaN).filter(Number.isFinite);
      return [name, quantiles(values)];
    }),
  );
}

function quantiles(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const picked = [0.1, 0.25, 0.5, 0.75, 0.9].flatMap(
    (share) => sorted[Math.floor(share * (sorted.length - 1))] ?? [],
  );
  return [...new Set(picked)];
}
