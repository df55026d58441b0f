import type { AdapterSet, Logger, Plugin } from "@ecap/sdk";
import type { CollectorOptions } from "@ecap/sdk/collector";

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
  /** Tenant of the first administrator and of the command line. Default "default". */
  readonly tenant?: string;
}

/** Types the object in an `ecap.config.ts`. */
export function defineConfig(config: Config): Config {
  return config;
}
