import { useCallback, useState } from "react";
import { useExpiry } from "../session/session-context.ts";
import { ApiError, type Problem } from "./api-error.ts";

export interface Action {
  readonly isBusy: boolean;
  readonly problem: Problem | undefined;
  /** Does it unless something is under way; true once it is done. */
  readonly run: (work: () => Promise<void>) => Promise<boolean>;
  readonly clear: () => void;
}

/** Something a person asked for that changes things: one at a time, and what went wrong is kept until it is cleared or tried again. */
export function useAction(): Action {
  const expire = useExpiry();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const run = useCallback(
    async (work: () => Promise<void>) => {
      setBusy(true);
      setProblem(undefined);
      try {
        await work();
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.problem.status === 401) expire();
        setProblem(error.problem);
        return false;
      } finally {
        setBusy(false);
      }
    },
    [expire],
  );
  return { isBusy, problem, run, clear: useCallback(() => setProblem(undefined), []) };
}
