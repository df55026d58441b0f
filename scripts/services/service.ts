/** Tells whether a process takes requests. Plain data, so that it outlives the process that made it. */
export type Probe =
  | { readonly kind: "redis"; readonly port: number }
  | { readonly kind: "kafka"; readonly port: number; readonly brokers: number }
  | { readonly kind: "postgres"; readonly port: number }
  | { readonly kind: "http"; readonly port: number };

/** One process of a service: everything needed to start it, and to start it again. */
export interface ProcessPlan {
  /** Unique among all services: `redis`, `kafka-1`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working folder, which also takes its `log`. */
  readonly dir: string;
  /** Run as this user; only root may say so. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  readonly ready: Probe;
}

export interface ServicePlan {
  readonly processes: readonly ProcessPlan[];
  /** Runs once all processes are ready; may run again on running ones. */
  afterReady?(): Promise<void>;
  /** What tests read. */
  readonly env: Readonly<Record<string, string>>;
}

export interface PlanContext {
  /** Folder of the service's data, kept between runs. */
  readonly dir: string;
  /** Folder of downloaded and built software, shared by all checkouts of a user. */
  readonly cacheDir: string;
  /** The port to use under this name: the same as last time where it is free. */
  readonly port: (name: string, preferred: number) => Promise<number>;
  /** How many Kafka brokers. */
  readonly brokers: number;
  readonly say: (line: string) => void;
}

/** A real service that tests and development use, started on loopback. */
export interface Service {
  readonly name: string;
  /** How many processes it has; those of another number are stopped first. */
  processCount?(options: { readonly brokers: number }): number;
  /** Obtains the software, lays out the data folder and says what to run. Throws {@link MissingProgram} where the machine lacks something. */
  plan(context: PlanContext): Promise<ServicePlan>;
}

/** A program this machine lacks, with the Debian package that brings it. */
export class MissingProgram extends Error {
  override readonly name = "MissingProgram";
  constructor(program: string, debianPackage: string) {
    super(`${program} is missing; on Debian: apt-get install ${debianPackage}`);
  }
}
