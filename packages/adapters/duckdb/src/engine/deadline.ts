import { EcapError, type Query } from "@ecap/sdk";
import { queryError } from "./query-error.ts";

/** When a query must end, and what it failed of. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Ends the query as one that nobody wants any more. */
  readonly abort: () => void;
  /** The error to tell: that of the caller who gave up or of the time limit, before that of the engine it interrupted. */
  readonly explain: (error: unknown) => unknown;
}

const defaultTimeoutMs = 30_000;

export function deadlineOf({ timeoutMs = defaultTimeoutMs, signal: given }: Query): Deadline {
  const timeout = AbortSignal.timeout(timeoutMs);
  const left = new AbortController();
  return {
    signal: AbortSignal.any([timeout, left.signal, ...(given ? [given] : [])]),
    abort: () => left.abort(),
    explain(error) {
      if (given?.aborted || left.signal.aborted)
        return new EcapError("ECAP_QUERY_ABORTED", "The query was given up");
      if (timeout.aborted)
        return new EcapError("ECAP_QUERY_TIMEOUT", `The query took longer than ${timeoutMs} ms`);
      return queryError(error);
    },
  };
}
