import { formatMoney } from "../../format/numbers.ts";
import { formatTimeNear } from "../../format/times.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import type { LiveDecision } from "./live-entry.ts";
import { OutcomeBadge } from "./outcome-badge.tsx";

interface DecisionListProps {
  readonly decisions: readonly LiveDecision[];
  readonly empty: string;
  readonly help: string;
}

export function DecisionList({ decisions, empty, help }: DecisionListProps) {
  if (decisions.length === 0)
    return (
      <EmptyState title={empty} icon="check">
        {help}
      </EmptyState>
    );
  return (
    <ul className="feed" tabIndex={0} aria-label="Decisions">
      {decisions.map((decision) => (
        <DecisionItem key={decision.id} decision={decision} />
      ))}
    </ul>
  );
}

function DecisionItem({ decision }: { readonly decision: LiveDecision }) {
  const { time, transaction, outcome, score, amount, country, reasons, isDegraded } = decision;
  return (
    <li className="feed-item">
      <div className="feed-main">
        <span className="feed-outcome">
          <OutcomeBadge outcome={outcome} />
          {score !== undefined && (
            <span className="feed-score" title="Score, 0 (harmless) to 100">
              {Math.round(score)}
            </span>
          )}
        </span>
        <span className="feed-amount">
          {amount === undefined ? "–" : formatMoney(amount.amount, amount.currency)}
        </span>
      </div>
      {reasons.length > 0 && (
        <ul className="reasons">
          {reasons.map(({ code, detail }) => (
            <li key={code}>
              <code>{code}</code> {detail}
            </li>
          ))}
        </ul>
      )}
      <div className="feed-sub">
        <span>
          {transaction}
          {country !== undefined && ` · ${country}`}
          {isDegraded && " · rules only"}
        </span>
        <time dateTime={new Date(time).toISOString()}>{formatTimeNear(time, Date.now())}</time>
      </div>
    </li>
  );
}
