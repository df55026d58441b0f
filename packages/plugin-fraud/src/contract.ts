import { serviceToken } from "@ecap/sdk";
import type { Explanation, ModelOpinion } from "@ecap/sdk/models";

export type { ModelOpinion } from "@ecap/sdk/models";

export const outcomes = ["approve", "challenge", "review", "decline"] as const;
/** From letting it pass to refusing it; `challenge` asks the payer for more, `review` asks a person. */
export type Outcome = (typeof outcomes)[number];

/** A payment to decide on. What is unknown is left out. */
export interface Transaction {
  /** Unique; deciding on one id twice counts its velocity once. */
  readonly id: string;
  readonly tenant?: string;
  /** Epoch milliseconds. Default: now. */
  readonly time?: number;
  readonly amount: number;
  readonly currency?: string;
  readonly orderId?: string;
  readonly customerId?: string;
  /** A token of the card, never its number. */
  readonly cardId?: string;
  readonly deviceId?: string;
  readonly ip?: string;
  /** Whom the money goes to, and on a marketplace who sells there. */
  readonly merchantId?: string;
  readonly sellerId?: string;
  /** ISO 3166 codes of where the payer is and of where the card was issued. */
  readonly country?: string;
  readonly cardCountry?: string;
  /** Whether the payment was refused by the provider; refused attempts count in velocity. */
  readonly failed?: boolean;
  /** E-mail address, telephone number and name are looked at and not kept: of the first two a hash is, to count by. */
  readonly email?: string;
  readonly phone?: string;
  readonly name?: string;
  /** ISO 3166 alpha-2 codes of the addresses. */
  readonly billingCountry?: string;
  readonly shippingCountry?: string;
  /** The first six to eight digits of the card, which name its issuer. */
  readonly cardBin?: string;
  /** What the browser or app says of its device, as in `{ screen: "1920x1080", timezone: "Europe/Berlin" }`. */
  readonly device?: Readonly<Record<string, string | number | boolean>>;
  readonly session?: {
    /** Epoch milliseconds. */
    readonly startedAt?: number;
    /** Pages seen before the checkout. */
    readonly pages?: number;
    /** Whether the card's number was pasted. */
    readonly pasted?: boolean;
  };
}

export interface ReasonCode {
  /** As in `CARD_VELOCITY`. */
  readonly code: string;
  /** What was seen, with its numbers. */
  readonly detail: string;
  /** Points it added; 0 of a rule that speaks through its outcome alone. */
  readonly points: number;
  /** Id of the rule. */
  readonly rule: string;
  /** What the rule asked for by itself. */
  readonly outcome?: Outcome;
}

/** What a rule set that does not decide yet would have decided. */
export interface ShadowRuling {
  /** Name and version of the rule set. */
  readonly rules: string;
  readonly outcome: Outcome;
  readonly score: number;
  /** Ids of the rules that held, most points first. */
  readonly held: readonly string[];
  readonly hash: string;
}

/** Why the model's score is what it is, or why that cannot be said. */
export type ScoreExplanation =
  | (Explanation & { readonly model: string })
  | { readonly model: string; readonly failure: string };

/** A number that would have been another; or a rule that would not have held, where no one number it looks at undoes it. */
export type Change =
  | { readonly field: string; readonly from: number; readonly to: number }
  | { readonly rule: string };

/** The payment would have been approved with these changes, all of them together. */
export interface Counterfactual {
  readonly changes: readonly Change[];
  /** What the score would have been. */
  readonly score: number;
  /** What the model's would have been, where it was asked again. */
  readonly modelScore?: number;
}

export interface Decision {
  readonly id: string;
  readonly transactionId: string;
  readonly tenant: string;
  readonly outcome: Outcome;
  /** 0 (harmless) to 100. */
  readonly score: number;
  /** Most points first. */
  readonly reasons: readonly ReasonCode[];
  /** Probability of fraud by the model; absent where it was not asked or failed, which `degraded` says. */
  readonly modelScore?: number;
  readonly degraded?: string;
  /** Of every model that was asked, the one that counts first. */
  readonly models?: readonly ModelOpinion[];
  /** Where it was asked for. */
  readonly explanation?: ScoreExplanation;
  /** Where it was asked for and the outcome is not approve: the smallest changes with which the rules would have approved, the smallest first; none where there are none. */
  readonly counterfactuals?: readonly Counterfactual[];
  /** By name; what is not known is left out. */
  readonly features: Readonly<Record<string, number>>;
  /** What could not be looked at: members of the payment that were not given or could not be used, and lookups without a database. */
  readonly missing?: readonly string[];
  /** What the rules saw beside features and the payment's own members, by the names they know it by; with these all that is needed to decide again. */
  readonly facts: Readonly<Record<string, string | boolean>>;
  /** Equal where rule set, facts and ruling are equal; a backtest of the same rules over this decision has the same. */
  readonly hash: string;
  /** True where the rules said decline, and the payment's minute had as many declines already as the rule set allows. */
  readonly capped?: boolean;
  readonly shadows?: readonly ShadowRuling[];
  readonly versions: { readonly rules: string; readonly model: string | undefined };
  /** Epoch milliseconds. */
  readonly decidedAt: number;
  readonly latencyMs: number;
  readonly stages: DecisionStages;
}

/** Milliseconds that the parts of a decision took, one after another. */
export interface DecisionStages {
  /** Signals, velocity, anomaly. */
  readonly featuresMs: number;
  /** All models that were asked. */
  readonly modelsMs: number;
  /** The rules in force and those in shadow, with their reasons. */
  readonly rulesMs: number;
}

export interface FraudService {
  /**
   * Decides on a payment. Resolves when the decision is made; with `durability: "before"`, when its record is durable too. With `explain` the decision, and its
   * record, say what each feature added to the model's score and with which changes it would have been approved, which takes some ten milliseconds, or some hundred where a
   * model has to be sampled.
   */
  assess(
    transaction: Transaction,
    options?: { readonly durability?: "after" | "before"; readonly explain?: boolean },
  ): Promise<Decision>;
  /** Resolves when every decision made so far is durable. */
  flush(): Promise<void>;
}

export const fraudService = serviceToken<FraudService>("fraud");
