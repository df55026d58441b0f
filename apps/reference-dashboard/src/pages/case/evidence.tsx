import type { CasePayment } from "../../api/fraud-answers.ts";
import { formatDecimal, formatPercent } from "../../format/numbers.ts";
import { formatInstant } from "../../format/times.ts";
import { Bar } from "../../ui/bar.tsx";
import { VerdictBadge } from "../cases/case-badges.tsx";
import { Why } from "./why.tsx";

/** Why the payment was decided on as it was: the rules that held, the model, and all they saw. */
export function Evidence({ of }: { readonly of: CasePayment }) {
  const facts: CasePayment["facts"] = {
    ...(of.orderId !== undefined && { "order.id": of.orderId }),
    ...(of.customerId !== undefined && { "customer.id": of.customerId }),
    ...of.facts,
  };
  const most = Math.max(1, ...of.reasons.map(({ points }) => Math.abs(points)));
  return (
    <div className="evidence">
      <section aria-label="Reasons">
        <h3>
          Score {Math.round(of.score)}
          {of.modelScore !== undefined && `, model ${formatPercent(of.modelScore)}`}
        </h3>
        {of.degraded !== undefined && <p className="muted">Rules alone: {of.degraded}</p>}
        {of.reasons.length === 0 && <p className="muted">No rule held.</p>}
        <ul className="evidence-reasons">
          {of.reasons.map((reason) => (
            <li key={`${reason.rule}/${reason.code}`}>
              <span className="evidence-points">
                {reason.points === 0 ? (reason.outcome ?? "0") : signed(reason.points)}
              </span>
              <span>
                <code>{reason.code}</code> {reason.detail}
                <Bar share={Math.abs(reason.points) / most} />
              </span>
            </li>
          ))}
        </ul>
        <p className="muted evidence-versions">
          {[of.rules, of.model].filter((version) => version !== undefined).join(" · ")}
        </p>
      </section>
      <section aria-label="What was said of it">
        <h3>Labels</h3>
        {of.words.length === 0 && <p className="muted">Nobody said anything yet.</p>}
        <ul className="evidence-words">
          {of.words.map((word) => (
            <li key={word.source}>
              <VerdictBadge verdict={word.verdict} /> {sources[word.source]}
              {word.by !== undefined && ` ${word.by}`},{" "}
              <time dateTime={word.knownAt}>{formatInstant(Date.parse(word.knownAt))}</time>
            </li>
          ))}
        </ul>
        <h3>Facts</h3>
        <dl className="evidence-values">
          {Object.entries(facts).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      </section>
      <Why paymentId={of.paymentId} />
      <section aria-label="Features">
        <h3>Features</h3>
        <dl className="evidence-values evidence-features">
          {Object.entries(of.features).map(([name, value]) => (
            <div key={name} className={value === 0 ? "evidence-zero" : undefined}>
              <dt>{name}</dt>
              <dd>{formatDecimal(value)}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

const sources = { analyst: "by analyst", bank: "by the bank", other: "by another source" } as const;

function signed(points: number): string {
  return points > 0 ? `+${formatDecimal(points)}` : formatDecimal(points);
}
