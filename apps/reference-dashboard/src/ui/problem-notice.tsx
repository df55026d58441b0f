import type { Problem } from "../api/api-error.ts";
import { Icon } from "./icon.tsx";

interface ProblemNoticeProps {
  readonly problem: Problem;
  readonly onRetry?: () => void;
  /** One line, over older content that is still shown. */
  readonly isCompact?: boolean;
}

/** What went wrong, what to do, and a way to try again. */
export function ProblemNotice({ problem, onRetry, isCompact = false }: ProblemNoticeProps) {
  return (
    <div className={isCompact ? "problem problem-compact" : "problem"} role="alert">
      <Icon name="alert" />
      <div className="problem-text">
        <p className="problem-detail">{sentence(problem.detail)}</p>
        <p className="problem-help">{problem.help}</p>
        <p className="problem-code">
          {problem.code}
          {problem.requestId !== undefined && ` · request ${problem.requestId}`}
        </p>
      </div>
      {onRetry !== undefined && (
        <button type="button" className="button" onClick={onRetry}>
          <Icon name="refresh" /> Try again
        </button>
      )}
    </div>
  );
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
