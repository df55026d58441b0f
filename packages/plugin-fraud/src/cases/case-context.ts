import type { Clock, NewEvent, ObjectStore, QueryEngine } from "@ecap/sdk";
import type { Kysely } from "kysely";
import type { Actor, RuleDesk } from "../rules/rule-desk.ts";
import type { CaseOptions } from "./case-options.ts";
import type { CaseTables } from "./case-tables.ts";

/** What cases work with. */
export interface CaseContext {
  /** The tables; the database is opened with the first call. */
  readonly open: () => Promise<Kysely<CaseTables>>;
  readonly options: CaseOptions;
  readonly clock: Clock;
  /** Resolves once the event is durable. */
  readonly emit: (event: NewEvent) => Promise<string>;
  /** Where lists and snoozes are changed. */
  readonly desk: RuleDesk;
  /** Absent: what is said of payments elsewhere than in cases is not known here. */
  readonly engine: () => QueryEngine | undefined;
  /** Absent: no files. */
  readonly objects: () => ObjectStore;
  readonly audit: (entry: {
    readonly tenant: string;
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly details?: Readonly<Record<string, string | number | boolean>>;
  }) => Promise<void>;
}

export type { Actor };
