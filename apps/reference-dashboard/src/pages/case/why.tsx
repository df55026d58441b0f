import { useState } from "react";
import type { Counterfactual, DecisionExplanation } from "../../api/fraud-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatDecimal, formatExact, formatPercent } from "../../format/numbers.ts";
import { Bar } from "../../ui/bar.tsx";
import { QueryView } from "../../ui/query-view.tsx";

/** Contributions shown; the others are small. */
const contributionsShown = 8;

/** With which changes the payment would have been approved, and what each feature added to the model's score: worked out when it is asked for. */
export function Why({ paymentId }: { readonly paymentId: string }) {
  const [isAsked, setAsked] = useState(false);
  const path = `/v1/fraud/decisions/${encodeURIComponent(paymentId)}/explanation`;
  const query = useQuery<DecisionExplanation>(isAsked ? path : undefined);
  return (
    <section className="evidence-why" aria-label="Why, and what if">
      <h3>Would have been approved if</h3>
      {!isAsked && (
        <button type="button" className="button button-small" onClick={() => setAsked(true)}>
          Work it out
        </button>
      )}
      {isAsked && (
        <QueryView query={query} className="why-view" isEmpty={() => false} empty={null}>
          {(of) => <Explained of={of} />}
        </QueryView>
      )}
    </section>
  );
}

function Explained({ of }: { readonly of: DecisionExplanation }) {
  return (
    <>
      {of.counterfactuals.length === 0 && (
        <p className="muted">
          {of.outcome === "approve"
            ? "It was approved."
            : "Nothing that may change leads to an approval."}
        </p>
      )}
      <ol className="why-changes">
        {of.counterfactuals.map((each) => (
          <Changes key={JSON.stringify(each.changes)} of={each} />
        ))}
      </ol>
      {!of.replayed && (
        <p className="muted">The lists have changed since, so this is of the rules as they are.</p>
      )}
      <Contributions of={of.explanation} />
    </>
  );
}

function Changes({ of: { changes, score, modelScore } }: { readonly of: Counterfactual }) {
  return (
    <li>
      {changes.map((change, i) => (
        <span key={"rule" in change ? change.rule : change.field}>
          {i > 0 && " and "}
          {"rule" in change ? (
            <>
              the rule <code>{change.rule}</code> had not held
            </>
          ) : (
            <>
              <code>{change.field}</code> had been <strong>{formatExact(change.to)}</strong> instead
              of {formatExact(change.from)}
            </>
          )}
        </span>
      ))}{" "}
      <span className="muted">
        score {Math.round(score)}
        {modelScore !== undefined && `, model ${formatPercent(modelScore)}`}
      </span>
    </li>
  );
}

function Contributions({ of }: { readonly of: DecisionExplanation["explanation"] }) {
  if (of === undefined) return null;
  if ("failure" in of) return <p className="muted">The model cannot be explained: {of.failure}</p>;
  const shown = of.contributions.slice(0, contributionsShown);
  const most = Math.max(1e-9, ...shown.map(({ contribution }) => Math.abs(contribution)));
  return (
    <>
      <h3>What the model saw</h3>
      <ul className="evidence-reasons">
        {shown.map(({ feature, value, contribution }) => (
          <li key={feature}>
            <span className="evidence-points">
              {contribution > 0 ? "+" : ""}
              {contribution.toFixed(2)}
            </span>
            <span>
              <code>{feature}</code> {value === undefined ? "not known" : formatDecimal(value)}
              <Bar share={Math.abs(contribution) / most} />
            </span>
          </li>
        ))}
      </ul>
      <p className="muted evidence-versions">
        {of.space === "log-odds" ? "In log-odds" : "In the score"},{" "}
        {of.method === "sampled" ? "sampled" : "exact"}, by {of.model}
      </p>
    </>
  );
}
