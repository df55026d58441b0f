import type { EventEnvelope } from "../../events/envelope.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Committer } from "../../ports/committer.ts";
import type { EventLog, LogRecord } from "../../ports/event-log.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StateStore } from "../../ports/state-store.ts";
import type { EnrichSettings } from "../nodes.ts";
import type { TableReader } from "../table-reader.ts";
import type { Leg } from "../topology.ts";

export interface TopologyFailure {
  readonly topology: string;
  readonly topic: string;
  readonly partition: number;
  /** Attempts so far at this batch or record. */
  readonly attempts: number;
  readonly error: unknown;
}

/** While it does not allow a call, the topology waits and nothing goes to the dead letters. */
export interface Breaker {
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

export interface LegOptions {
  readonly topology: string;
  readonly leg: Leg;
  /** Where the leg's topic is an intermediate one: the partitions that write to it. */
  readonly upstream: readonly string[] | undefined;
  readonly partitionsOf: (topic: string) => number;
  readonly tableOf: (settings: EnrichSettings) => TableReader;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly decode: (record: LogRecord) => EventEnvelope | undefined;
  readonly maxRecords: number;
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly stepTimeoutMs: number;
  readonly breaker: Breaker | undefined;
  readonly onError: ((failure: TopologyFailure) => void) | undefined;
}
