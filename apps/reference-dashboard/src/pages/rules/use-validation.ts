import { useEffect, useState } from "react";
import { ApiError } from "../../api/api-error.ts";
import { request } from "../../api/request.ts";
import type { Validation } from "../../api/rule-answers.ts";
import { type PlacedProblem, placeOfRefusal, placeProblems } from "./rule-text.ts";

const quietMs = 350;

/** What is wrong with the text, asked of the API when nobody has typed for a moment; undefined while that is not known. */
export function useValidation(source: string | undefined): readonly PlacedProblem[] | undefined {
  const [answer, setAnswer] = useState<{
    readonly source: string;
    readonly problems: readonly PlacedProblem[];
  }>();
  useEffect(() => {
    if (source === undefined) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => {
      request<Validation>("/v1/fraud/rules/validate", { method: "POST", body: { source }, signal })
        .then(({ problems }) => setAnswer({ source, problems: placeProblems(source, problems) }))
        .catch((error: unknown) => {
          if (signal.aborted) return;
          if (!(error instanceof ApiError)) throw error;
          setAnswer({ source, problems: [placeOfRefusal(error.problem.detail)] });
        });
    }, quietMs);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [source]);
  return answer?.source === source ? answer?.problems : undefined;
}
