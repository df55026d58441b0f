import type { Clock } from "./clock.ts";
import type { Committer } from "./committer.ts";
import type { Database } from "./database.ts";
import type { EventLog } from "./event-log.ts";
import type { Logger } from "./logger.ts";
import type { ModelRuntime } from "./model-runtime.ts";
import type { ModelTrainer } from "./model-trainer.ts";
import type { ObjectStore } from "./object-store.ts";
import type { QueryEngine } from "./query-engine.ts";
import type { SecretStore } from "./secret-store.ts";
import type { StateStore } from "./state-store.ts";
import type { TableStore } from "./table-store.ts";

/** Every port by its name. A platform has the ones its adapters bring. */
export interface Ports {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  readonly objectStore: ObjectStore;
  readonly tableStore: TableStore;
  readonly queryEngine: QueryEngine;
  readonly database: Database;
  readonly modelRuntime: ModelRuntime;
  readonly modelTrainer: ModelTrainer;
  readonly secretStore: SecretStore;
}

export type PortName = keyof Ports;

/** What an adapter or preset brings: some of the ports, and how to let go of them. */
export interface AdapterSet extends Partial<Ports> {
  /** Said in the boot plan, as in "lmdb". */
  readonly name?: string;
  close?(): Promise<void>;
}

export * from "./clock.ts";
export * from "./committer.ts";
export * from "./database.ts";
export * from "./event-log.ts";
export * from "./file-engine.ts";
export * from "./logger.ts";
export * from "./model-runtime.ts";
export * from "./model-trainer.ts";
export * from "./object-key.ts";
export * from "./object-store.ts";
export * from "./query-engine.ts";
export * from "./secret-store.ts";
export * from "./state-store.ts";
export * from "./table-maintenance.ts";
export * from "./table-store.ts";
