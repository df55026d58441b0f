import type { Outcome } from "./fraud-answers.ts";

export type RuleSetState = "draft" | "shadow" | "active" | "archived";

export interface RuleVersionInfo {
  readonly version: number;
  readonly state: RuleSetState;
  readonly name: string;
  readonly rules: number;
  readonly proposedBy: string;
  readonly proposedAt: string;
  readonly note?: string;
}

export interface RuleVersions {
  readonly items: readonly RuleVersionInfo[];
  readonly next?: string;
}

export interface RuleVersion extends RuleVersionInfo {
  readonly document: unknown;
}

export interface RuleProblem {
  readonly rule?: string;
  /** The member, as in `when` or `rules.3.points`. */
  readonly part: string;
  /** Place within an expression; absent where it is not about one. */
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

export interface Validation {
  readonly valid: boolean;
  readonly problems: readonly RuleProblem[];
}

export interface RuleLanguage {
  readonly fields: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly functions: ReadonlyArray<{ readonly name: string; readonly summary: string }>;
}

export interface Confusion {
  readonly stoppedFrauds: number;
  readonly stoppedHonest: number;
  readonly passedFrauds: number;
  readonly passedHonest: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly saved: number;
  readonly lost: number;
  readonly honestAmountStopped: number;
}

export interface BacktestReport {
  readonly candidate: string;
  readonly active: string;
  readonly rows: number;
  readonly labelled: number;
  readonly frauds: number;
  readonly amount: number;
  readonly figures: Confusion;
  readonly activeFigures: Confusion;
  readonly rules: ReadonlyArray<{
    readonly rule: string;
    readonly frauds: number;
    readonly honest: number;
    readonly precision?: number;
    readonly recall?: number;
    readonly fraudAmount: number;
    readonly alone: number;
  }>;
  readonly overlaps: ReadonlyArray<{
    readonly rules: readonly [string, string];
    readonly payments: number;
    readonly share: number;
  }>;
  readonly changes: ReadonlyArray<{
    readonly active: Outcome;
    readonly candidate: Outcome;
    readonly payments: number;
    readonly frauds: number;
    readonly amount: number;
    readonly examples: readonly string[];
  }>;
  readonly hash: string;
  readonly seconds: number;
  readonly behind?: readonly string[];
}
