import {
  type PersonalDataHolding,
  type QualityCheck,
  type QualityLevel,
  serviceToken,
} from "@ecap/sdk";

export const assetKinds = ["event", "topic", "table", "plugin", "metric", "model"] as const;
export type AssetKind = (typeof assetKinds)[number];

/** A thing of the platform that people look for. */
export interface Asset {
  readonly kind: AssetKind;
  readonly name: string;
  readonly description: string;
  /** What else is known of it, such as columns or partitions. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditEntry {
  readonly tenant: string;
  /** Who did it: a user name or API key id. */
  readonly actor: string;
  /** As in "report.open", or method and path of a request. */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  readonly outcome: "success" | "refused" | "failed";
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

export interface RecordedAuditEntry extends AuditEntry {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
}

export interface AuditQuery {
  readonly tenant: string;
  readonly actor?: string;
  readonly action?: string;
  readonly limit: number;
  readonly offset: number;
}

export interface PersonalDataReport {
  readonly plugins: ReadonlyArray<{
    readonly plugin: string;
    readonly holds: readonly PersonalDataHolding[] | "none";
  }>;
}

export interface QualityRequest {
  readonly tenant: string;
}

/** Of what was checked, how much failed, and which part that is; 0 where nothing was checked. */
export interface QualityCounts {
  readonly checked: number;
  readonly failed: number;
  readonly share: number;
}

export interface QualityRuleStatus {
  readonly name: string;
  readonly topic: string;
  readonly types?: readonly string[];
  readonly level: QualityLevel;
  readonly description: string;
  readonly check: QualityCheck["kind"];
  /** "" where the rule is about events as a whole. */
  readonly field: string;
  /** `alert`: an alert of it is open; `idle`: there was nothing to check for a day. */
  readonly state: "ok" | "alert" | "idle";
  readonly hour: QualityCounts;
  readonly day: QualityCounts;
  /** Begin of the newest minute, epoch milliseconds, with ids of some events. */
  readonly lastFailure?: { readonly at: number; readonly examples: readonly string[] };
  /** Of a schema: how often which field did not fit. */
  readonly fields: ReadonlyArray<{
    readonly field: string;
    readonly hour: number;
    readonly day: number;
  }>;
}

export interface QualityStatus {
  /** Epoch milliseconds of the newest of what was counted. */
  readonly asOf: number;
  /** Versions of the tables that were read. */
  readonly versions: Readonly<Record<string, number>>;
  /** Events that came in the last hour and day. */
  readonly topics: ReadonlyArray<{
    readonly topic: string;
    readonly hour: number;
    readonly day: number;
    readonly types: ReadonlyArray<{
      readonly type: string;
      readonly hour: number;
      readonly day: number;
    }>;
  }>;
  readonly rules: readonly QualityRuleStatus[];
}

/** What a field's values are like. */
export interface FieldProfile {
  readonly field: string;
  /** Values looked at; of a field in a list, its elements. */
  readonly count: number;
  readonly nulls: number;
  readonly nullShare: number;
  /** Different values among those looked at, exact up to 512 and within about 1.6 % beyond. */
  readonly distinct: number;
  /** Of numbers, each within one per cent: by share, as in "0.5". */
  readonly quantiles?: Readonly<Record<string, number>>;
  /** Of fields declared as categories, the most frequent values. */
  readonly top?: ReadonlyArray<{ readonly value: string; readonly count: number }>;
}

/** What the fields of an event type were like in an hour, from a sample. */
export interface QualityProfile {
  readonly topic: string;
  readonly type: string;
  /** Begin, epoch milliseconds. */
  readonly hour: number;
  /** Events that were looked into. */
  readonly sampled: number;
  /** False while the hour goes on. */
  readonly final: boolean;
  readonly fields: readonly FieldProfile[];
}

export interface QualityAlert {
  readonly id: string;
  readonly status: "open" | "resolved";
  readonly kind: "rule" | "volume" | "silence" | "anomaly";
  /** The rule, or the series. */
  readonly name: string;
  readonly topic?: string;
  readonly severity: "warning" | "critical";
  readonly message: string;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly until?: number;
  readonly reason?: "recovered" | "accepted" | "no_data";
  readonly observed?: number;
  readonly expected?: number;
  /** Bounds of what would have raised no alert. */
  readonly low?: number;
  readonly high?: number;
  /** Distance from the expected in robust standard deviations. */
  readonly score?: number;
  /** Whether it was long past when it was found, as in a history that was imported. */
  readonly historical: boolean;
}

export interface GovernanceService {
  /** Everything the platform is made of, found by kind and by words in name or description. */
  catalogue(search?: { readonly kind?: AssetKind; readonly text?: string }): readonly Asset[];
  /** Appends to the audit log; resolves once it is durable. There is no way to change or remove an entry. */
  audit(entry: AuditEntry): Promise<void>;
  /** Entries that have reached the lake, newest first. */
  auditLog(query: AuditQuery): Promise<readonly RecordedAuditEntry[]>;
  personalDataReport(): PersonalDataReport;
  /** How the quality rules fare, over the last hour and day. */
  quality(request: QualityRequest): Promise<QualityStatus>;
  /** What the fields of a topic's events are like, by type: of the newest hour there is of each. */
  qualityProfiles(
    request: QualityRequest & { readonly topic: string; readonly type?: string },
  ): Promise<readonly QualityProfile[]>;
  /** Alerts of the last thirty days, open ones first, then the newest. */
  qualityAlerts(request: QualityRequest): Promise<readonly QualityAlert[]>;
}

export const governanceService = serviceToken<GovernanceService>("governance");
