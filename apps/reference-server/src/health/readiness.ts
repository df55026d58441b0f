import { type Clock, type DependencyHealth, isEcapError } from "@ecap/sdk";

/** Asks one dependency for something small. */
export interface DependencyCheck {
  readonly name: string;
  /** Whether the process is not ready without it. */
  readonly needed: boolean;
  run(): Promise<unknown>;
}

export interface CheckResult {
  readonly name: string;
  readonly status: "ok" | "failed";
  readonly needed: boolean;
  /** Since when it has been so, as far as anyone asked; ISO 8601. */
  readonly since: string;
  /** Why it failed. */
  readonly message?: string;
}

export interface Readiness {
  /** Results in the order of the checks. Those who ask within a second of each other get the same. */
  check(): Promise<readonly CheckResult[]>;
}

export interface ReadinessOptions {
  readonly checks: readonly DependencyCheck[];
  readonly clock: Clock;
  /** A dependency that has not answered by then failed. Default 2,000. */
  readonly timeoutMs?: number;
  /** How long results are good. Default 1,000. */
  readonly cacheMs?: number;
}

export function createReadiness(options: ReadinessOptions): Readiness {
  const { checks, clock, timeoutMs = 2_000, cacheMs = 1_000 } = options;
  const probes = checks.map((check) => createProbe(check, { clock, timeoutMs }));
  let cached:
    | { readonly until: number; readonly results: Promise<readonly CheckResult[]> }
    | undefined;
  return {
    check() {
      const now = performance.now();
      if (cached && now < cached.until) return cached.results;
      const results = Promise.all(probes.map((probe) => probe()));
      // Asked anew a while after the answer, not after the question, which may take its time.
      const mine = { until: Number.POSITIVE_INFINITY, results };
      cached = mine;
      void results.then(() => {
        if (cached === mine) cached = { until: performance.now() + cacheMs, results };
      });
      return results;
    },
  };
}

/** The results as the platform's health has them. */
export async function dependencyHealth(readiness: Readiness): Promise<readonly DependencyHealth[]> {
  const results = await readiness.check();
  return results.map((result) => ({ ...result, since: Date.parse(result.since) }));
}

/** Never rejects. A run that hangs is the only one of its check: no second is begun beside it. */
function createProbe(
  check: DependencyCheck,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): () => Promise<CheckResult> {
  const { name, needed } = check;
  let running: Promise<string | undefined> | undefined;
  let last: CheckResult | undefined;

  return async () => {
    running ??= begin(check).finally(() => {
      running = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
    });
    const message = await Promise.race([running, late]);
    clearTimeout(timer);
    const status = message === undefined ? "ok" : "failed";
    const since = last?.status === status ? last.since : new Date(clock.now()).toISOString();
    last = { name, status, needed, since, ...(message !== undefined && { message }) };
    return last;
  };
}

/** Why it failed; undefined where it did not. */
async function begin(check: DependencyCheck): Promise<string | undefined> {
  try {
    await check.run();
    return undefined;
  } catch (error) {
    if (isEcapError(error)) return `${error.code}: ${error.message}`;
    return error instanceof Error ? error.message : String(error);
  }
}
