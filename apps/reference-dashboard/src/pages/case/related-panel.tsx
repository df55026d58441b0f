import type { WholeCase } from "../../api/fraud-answers.ts";
import { formatRoute } from "../../routing/route.ts";
import { Panel } from "../../ui/panel.tsx";
import { StateBadge } from "../cases/case-badges.tsx";

/** Other cases that share a customer, card, device or address with this one. */
export function RelatedPanel({ of: { related } }: { readonly of: WholeCase }) {
  if (related.length === 0) return null;
  return (
    <Panel title="Other cases with something in common">
      <ul className="related">
        {related.map((other) => (
          <li key={other.case}>
            <a href={formatRoute({ page: "case", parameters: { id: String(other.case) } })}>
              #{other.case}
            </a>
            <StateBadge of={other} />
            <span className="muted">
              {other.alerts} {other.alerts === 1 ? "payment" : "payments"}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
