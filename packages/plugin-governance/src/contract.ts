import { type PersonalDataHolding, serviceToken } from "@ecap/sdk";

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

export interface GovernanceService {
  /** Everything the platform is made of, found by kind and by words in name or description. */
  catalogue(search?: { readonly kind?: AssetKind; readonly text?: string }): readonly Asset[];
  /** Appends to the audit log; resolves once it is durable. There is no way to change or remove an entry. */
  audit(entry: AuditEntry): Promise<void>;
  /** Entries that have reached the lake, newest first. */
  auditLog(query: AuditQuery): Promise<readonly RecordedAuditEntry[]>;
  personalDataReport(): PersonalDataReport;
}

export const governanceService = serviceToken<GovernanceService>("governance");
