import type {
  AdapterSet,
  HealthOptions,
  Logger,
  PlatformOptions,
  Plugin,
  TopicSettings,
} from "@ecap/sdk";
import type { CollectorOptions } from "@ecap/sdk/collector";
import type { DoorLimits } from "../ingest/door.ts";

export interface AdapterContext {
  /** The server's. */
  readonly logger: Logger;
}

/** What a deployment is composed of. */
export interface Config {
  /** Made when the platform starts; `dir` is the data directory. */
  readonly adapters: (dir: string, context: AdapterContext) => AdapterSet | readonly AdapterSet[];
  readonly plugins: readonly Plugin[];
  readonly collector?: CollectorOptions;
  /** What a process takes in of clients at a time. */
  readonly door?: DoorLimits;
  /** Retention of topics, as in `{ "user-events": { retentionMs: 7 * 86_400_000 } }`. Default: 14 days, of dead letters 30 days and 1 GiB. */
  readonly topics?: TopicSettings;
  /** When producers and consumers are worth an alert. */
  readonly health?: HealthOptions;
  /** How long a step of a topology may take with a batch. Default 60,000. */
  readonly stepTimeoutMs?: number;
  /** When the lake sinks write: the tables are so far behind the log. Queries of dashboards see what lies between. */
  readonly sinks?: PlatformOptions["sinks"];
  /** What such a query reads of the log at most. */
  readonly fresh?: PlatformOptions["fresh"];
  /** How long tables keep their rows, as in `{ retention: { orders: { keepDays: 400, archiveAfterDays: 90 } } }`, and what their storage costs. */
  readonly lake?: PlatformOptions["lake"];
  /** Tenant of the first administrator and of the command line. Default "default". */
  readonly tenant?: string;
}

/** Types the object in an `ecap.config.ts`. */
export function defineConfig(config: Config): Config {
  return config;
}
