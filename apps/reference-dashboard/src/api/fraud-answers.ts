import type { Provenance } from "./answers.ts";

export const outcomes = ["approve", "challenge", "review", "decline"] as const;
export type Outcome = (typeof outcomes)[number];

export const caseStates = ["new", "working", "waiting", "closed", "merged"] as const;
export type CaseState = (typeof caseStates)[number];

export const resolutions = ["fraud", "legitimate", "inconclusive"] as const;
export type Resolution = (typeof resolutions)[number];

export const verdicts = ["fraud", "legitimate", "unsure"] as const;
export type Verdict = (typeof verdicts)[number];

export interface Entity {
  readonly kind: "customer" | "card" | "device" | "email" | "phone" | "ip";
  readonly value: string;
}

export interface CaseInfo {
  readonly case: number;
  /** What a change must name, so that nobody changes what they have not seen. */
  readonly version: number;
  readonly state: CaseState;
  readonly queue: string;
  readonly assignee?: string;
  readonly resolution?: Resolution;
  readonly escalatedBy?: string;
  readonly closedBy?: string;
  readonly mergedInto?: number;
  readonly alerts: number;
  readonly amount: number;
  readonly currency?: string;
  readonly expectedLoss: number;
  readonly firstAlertAt: string;
  readonly lastAlertAt: string;
  readonly openedAt: string;
  readonly dueAt: string;
  readonly overdue: boolean;
  readonly closedAt?: string;
  readonly entities: readonly Entity[];
}

export interface CasePage {
  readonly items: readonly CaseInfo[];
  readonly next?: string;
}

export interface QueueCounts {
  readonly queues: ReadonlyArray<{
    readonly queue: string;
    readonly open: number;
    readonly overdue: number;
    readonly expectedLoss: number;
  }>;
}

export interface Reason {
  readonly code: string;
  readonly detail: string;
  readonly points: number;
  readonly rule?: string;
  readonly outcome?: Outcome;
}

export interface CasePayment {
  readonly paymentId: string;
  readonly time: string;
  readonly outcome: Outcome;
  readonly score: number;
  readonly probability: number;
  readonly amount: number;
  readonly currency?: string;
  readonly expectedLoss: number;
  readonly orderId?: string;
  readonly customerId?: string;
  readonly country?: string;
  readonly modelScore?: number;
  readonly degraded?: string;
  readonly reasons: readonly Reason[];
  readonly features: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, string | boolean | number>>;
  readonly rules?: string;
  readonly model?: string;
  /** What counts of what was said of it. */
  readonly verdict?: Verdict;
  readonly words: ReadonlyArray<{
    readonly verdict: Verdict;
    readonly source: "analyst" | "bank" | "other";
    readonly knownAt: string;
    readonly by?: string;
  }>;
}

export interface Suggestion {
  readonly id: string;
  readonly kind: "snooze" | "list";
  readonly rule?: string;
  readonly list?: "allow" | "deny";
  readonly entity: Entity["kind"];
  readonly value: string;
  readonly payments: number;
  readonly taken: boolean;
}

export interface TimelineEntry {
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface WholeCase extends CaseInfo {
  /** What its state allows. */
  readonly steps: readonly string[];
  readonly payments: readonly CasePayment[];
  readonly files: ReadonlyArray<{
    readonly id: string;
    readonly name: string;
    readonly bytes: number;
    readonly addedBy: string;
    readonly addedAt: string;
  }>;
  readonly timeline: readonly TimelineEntry[];
  readonly related: ReadonlyArray<{
    readonly case: number;
    readonly state: CaseState;
    readonly resolution?: Resolution;
    readonly alerts: number;
  }>;
  readonly suggestions: readonly Suggestion[];
}

export interface NetworkNode {
  readonly id: string;
  readonly kind: "payment" | Entity["kind"];
  readonly value: string;
  readonly depth: number;
  readonly outcome?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly verdict?: string;
}

export interface Network {
  readonly nodes: readonly NetworkNode[];
  readonly edges: ReadonlyArray<{ readonly from: string; readonly to: string }>;
  readonly truncated: boolean;
}

export interface LabelWeek {
  readonly week: string;
  readonly payments: number;
  readonly labelled: number;
  readonly stoppedFrauds: number;
  readonly stoppedHonest: number;
  readonly passedFrauds: number;
  readonly passedHonest: number;
  /** Absent where nothing was labelled. */
  readonly precision?: number;
  readonly recall?: number;
}

export interface LabelCurve extends Provenance {
  readonly weeks: readonly LabelWeek[];
}

export interface FraudSums {
  readonly payments: number;
  readonly stopped: number;
  readonly unlabelled: number;
  readonly loss: number;
  readonly passedFrauds: number;
  readonly prevented: number;
  readonly stoppedFrauds: number;
  readonly falsePositives: number;
  readonly falsePositiveAmount: number;
  readonly precision?: number;
  readonly recall?: number;
}

export interface CaseTimes {
  readonly closed: number;
  readonly inTime: number;
  readonly medianHours?: number;
  readonly p90Hours?: number;
}

export interface FraudReport extends Provenance {
  readonly total: FraudSums;
  readonly byRule: ReadonlyArray<FraudSums & { readonly code: string }>;
  readonly cases: CaseTimes;
  readonly byAnalyst: ReadonlyArray<
    CaseTimes & { readonly analyst: string; readonly labels: number; readonly overturned: number }
  >;
}

/** How the payments of one merchant or seller turned out. */
export interface SellerRisk {
  readonly id: string;
  readonly payments: number;
  readonly frauds: number;
  readonly fraudAmount: number;
  /** Of fraud, drawn towards the usual one the more the fewer the payments; with nine chances of ten from `least` to `most`. */
  readonly rate: number;
  readonly least: number;
  readonly most: number;
}

export interface SellerRisks {
  /** The rate of one that nothing is known of. */
  readonly usual?: number;
  /** The largest rate first. */
  readonly items: readonly SellerRisk[];
}

/** The payment would have been approved with these changes, all of them together. */
export interface Counterfactual {
  readonly changes: ReadonlyArray<
    | { readonly field: string; readonly from: number; readonly to: number }
    | { readonly rule: string }
  >;
  readonly score: number;
  readonly modelScore?: number;
}

export interface DecisionExplanation {
  readonly transactionId: string;
  readonly outcome: Outcome;
  /** Whether its rules say the same of its facts today. */
  readonly replayed: boolean;
  readonly counterfactuals: readonly Counterfactual[];
  /** Absent where no model decided, or it is gone. */
  readonly explanation?:
    | {
        readonly model: string;
        readonly method: "linear" | "trees" | "sampled";
        readonly space: "score" | "log-odds";
        readonly contributions: ReadonlyArray<{
          readonly feature: string;
          readonly value?: number;
          readonly contribution: number;
        }>;
      }
    | { readonly model: string; readonly failure: string };
}
