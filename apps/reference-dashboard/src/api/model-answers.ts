export type ModelState = "registered" | "shadow" | "challenger" | "canary" | "champion" | "retired";

export interface ModelInfo {
  readonly version: number;
  readonly name: string;
  readonly state: ModelState;
  /** Of a canary: for which part of the customers it decides. */
  readonly share?: number;
  readonly registeredBy: string;
  readonly registeredAt: string;
  readonly note?: string;
  readonly producer: string;
  readonly sha256: string;
  readonly rowMs?: number;
  readonly golden: { readonly rows: number; readonly largestDifference: number };
  readonly warnings: readonly string[];
  /** Of an ensemble. */
  readonly members?: readonly string[];
}

export interface ModelPage {
  readonly items: readonly ModelInfo[];
  readonly next?: string;
}

/** When a challenger is promoted without a person. */
export interface PromotionPolicy {
  /** Labelled payments that both models scored, at least. */
  readonly labels: number;
  /** Of these frauds, at least. */
  readonly frauds: number;
  /** How much larger its AUC must be. */
  readonly gain: number;
}

export interface ModelRoles {
  readonly champion: number;
  /** Were champion, the last first. */
  readonly approved: readonly number[];
  readonly policy?: PromotionPolicy;
  readonly changes: ReadonlyArray<{
    readonly at: string;
    readonly by: string;
    readonly action: string;
    readonly version: number;
    readonly why?: string;
  }>;
}

export interface Drift {
  /** Population stability index. */
  readonly psi: number;
  /** What it exceeds by chance in one case of a hundred; null: nothing to compare. */
  readonly threshold: number | null;
  readonly values: number;
  readonly drifted: boolean;
}

interface Watched {
  readonly asked: number;
  readonly late: number;
  readonly failed: number;
  readonly coverage?: number;
  /** null: more than a second. */
  readonly latencyMs?: { readonly p50: number | null; readonly p99: number | null };
  readonly score?: Drift;
}

export interface Monitoring extends Watched {
  readonly features: ReadonlyArray<Drift & { readonly feature: string }>;
}

export interface MonitoringDays {
  readonly items: ReadonlyArray<
    Watched & { readonly day: string; readonly drifted: readonly string[] }
  >;
}

export interface Accuracy {
  readonly labelled: number;
  readonly positives: number;
  readonly auc?: number;
  readonly averagePrecision?: number;
  readonly precision?: number;
  readonly recall?: number;
}

export interface Performances {
  readonly items: ReadonlyArray<
    Accuracy & {
      /** Name and version. */
      readonly model: string;
      readonly days: ReadonlyArray<Accuracy & { readonly day: string }>;
    }
  >;
}

export interface Evaluation {
  readonly auc: number;
  readonly averagePrecision: number;
  readonly precisionAt: ReadonlyArray<{ readonly k: number; readonly precision: number }>;
  readonly brier: number;
  readonly calibration: ReadonlyArray<{
    readonly predicted: number;
    readonly observed: number;
    readonly cases: number;
  }>;
  /** By the amount of the payments. */
  readonly segments?: ReadonlyArray<{
    readonly name: string;
    readonly rows: number;
    readonly positives: number;
    readonly auc?: number;
    readonly averagePrecision?: number;
  }>;
}

export interface Training {
  readonly id: string;
  readonly state: "running" | "done" | "failed" | "lost";
  readonly by: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly name: string;
  readonly algorithm: string;
  readonly progress?: {
    readonly step: number;
    readonly steps: number;
    readonly validationLoss?: number;
  };
  readonly report?: {
    readonly rows: number;
    readonly positives: number;
    readonly validationRows: number;
    readonly steps: number;
    readonly validation?: Evaluation;
    readonly members?: ReadonlyArray<Evaluation & { readonly model: string }>;
    readonly seconds: number;
  };
  readonly version?: number;
  readonly problem?: string;
}

export interface Trainings {
  readonly items: readonly Training[];
}

export type Evidence =
  | {
      readonly kind: "decay";
      readonly measure: "auc" | "average-precision";
      readonly before: number;
      readonly now: number;
      readonly labelled: number;
      readonly positives: number;
    }
  | {
      readonly kind: "score-drift" | "feature-drift";
      readonly feature?: string;
      readonly psi: number;
      readonly values: number;
    };

export interface Proposal {
  readonly id: string;
  readonly model: string;
  readonly state: "open" | "accepted" | "dismissed" | "overtaken";
  readonly raisedAt: string;
  readonly evidence: readonly Evidence[];
  readonly closedAt?: string;
  readonly closedBy?: string;
  readonly reason?: string;
}

export interface Proposals {
  readonly items: readonly Proposal[];
}
