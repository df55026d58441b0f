import { useCallback, useEffect, useState } from "react";
import { useExpiry } from "../session/session-context.ts";
import { ApiError, type Problem } from "./api-error.ts";
import { type Parameters, request } from "./request.ts";

export interface Query<Answer> {
  /** The last answer; it stays while a newer one is on its way. */
  readonly data: Answer | undefined;
  readonly problem: Problem | undefined;
  readonly isLoading: boolean;
  readonly retry: () => void;
}

interface Settled<Answer> {
  readonly address: string;
  readonly data?: Answer | undefined;
  readonly problem?: Problem | undefined;
}

/** Asks the API when the address changes or `retry` is called, and cancels what nobody waits for any more. An undefined path asks nothing. */
export function useQuery<Answer>(path: string | undefined, query: Parameters = {}): Query<Answer> {
  const expire = useExpiry();
  const [settled, setSettled] = useState<Settled<Answer>>({ address: "" });
  const [attempt, setAttempt] = useState(0);
  const address = JSON.stringify([path, query, attempt]);

  useEffect(() => {
    const [wanted, parameters] = JSON.parse(address) as [string | null, Parameters];
    if (wanted === null) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    request<Answer>(wanted, { query: parameters, signal }).then(
      (data) => setSettled({ address, data }),
      (error: unknown) => {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.problem.status === 401) expire();
        setSettled((before) => ({ address, data: before.data, problem: error.problem }));
      },
    );
    return () => controller.abort();
  }, [address, expire]);

  return {
    data: path === undefined ? undefined : settled.data,
    problem: settled.address === address ? settled.problem : undefined,
    isLoading: path !== undefined && settled.address !== address,
    retry: useCallback(() => setAttempt((made) => made + 1), []),
  };
}
