export interface JobRun {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: "succeeded" | "failed" | "timed-out";
  readonly attempts: number;
  readonly report?: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

/** What the state store keeps of a job. */
export interface JobState {
  readonly leaseUntil: number;
  readonly owner: string;
  readonly lastStartedAt: number | undefined;
  /** Newest first, at most {@link keptRuns}. */
  readonly runs: readonly JobRun[];
}

export const keptRuns = 20;

export const newJobState: JobState = {
  leaseUntil: 0,
  owner: "",
  lastStartedAt: undefined,
  runs: [],
};

export function encodeJobState(state: JobState): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state));
}

export function decodeJobState(bytes: Uint8Array | undefined): JobState {
  return bytes === undefined
    ? newJobState
    : { ...newJobState, ...(JSON.parse(new TextDecoder().decode(bytes)) as JobState) };
}
