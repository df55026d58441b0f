import type { ReactNode } from "react";
import type { Query } from "../api/use-query.ts";
import { ProblemNotice } from "./problem-notice.tsx";
import { Skeleton } from "./skeleton.tsx";

interface QueryViewProps<Answer> {
  readonly query: Query<Answer>;
  /** Class of the box, which has the same size in every state, so that nothing jumps. */
  readonly className: string;
  readonly isEmpty: (answer: Answer) => boolean;
  readonly empty: ReactNode;
  readonly children: (answer: Answer) => ReactNode;
}

/** A question to the API in each of its states: on its way, failed, nothing there, answered. */
export function QueryView<Answer>({
  query,
  className,
  isEmpty,
  empty,
  children,
}: QueryViewProps<Answer>) {
  const { data, problem, isLoading, retry } = query;
  return (
    <div className={`query-view ${className}`} aria-busy={isLoading}>
      {problem !== undefined && (
        <ProblemNotice problem={problem} onRetry={retry} isCompact={data !== undefined} />
      )}
      {data === undefined && problem === undefined && <Skeleton />}
      {data !== undefined && (isEmpty(data) ? empty : children(data))}
    </div>
  );
}
