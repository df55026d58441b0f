import type { FraudReport } from "../../api/fraud-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount, formatDecimal, formatMoney, formatPercent } from "../../format/numbers.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";

/** The figures a shop asks for first. */
export function FraudFigures({ report }: { readonly report: Query<FraudReport> }) {
  const { data, problem, isLoading, retry } = report;
  if (data === undefined && problem !== undefined)
    return <ProblemNotice problem={problem} onRetry={retry} />;
  const total = data?.total;
  const cases = data?.cases;
  return (
    <section aria-label="Key figures" aria-busy={isLoading} className="kpis">
      <ul className="kpi-row fraud-figures">
        <Figure
          name="Lost"
          value={total && money(total.loss)}
          more={total && `${frauds(total.passedFrauds)} passed`}
        />
        <Figure
          name="Prevented"
          value={total && money(total.prevented)}
          more={total && `${frauds(total.stoppedFrauds)} stopped`}
        />
        <Figure
          name="False positives"
          value={total && formatCount(total.falsePositives)}
          more={total && `${money(total.falsePositiveAmount)} of honest payments held back`}
        />
        <Figure
          name="Precision"
          value={total && share(total.precision)}
          more={total && `recall ${share(total.recall)}`}
        />
        <Figure
          name="Time to decide"
          value={cases && hours(cases.medianHours)}
          more={
            cases && `${formatCount(cases.closed)} closed, ${formatCount(cases.inTime)} in time`
          }
        />
      </ul>
      <div className="kpi-footer">
        {total !== undefined && total.unlabelled > 0 && (
          <span className="kpi-against">
            {formatCount(total.unlabelled)} of {formatCount(total.stopped)} stopped payments have no
            label yet
          </span>
        )}
        <AsOf of={data} />
      </div>
    </section>
  );
}

function Figure({
  name,
  value,
  more,
}: {
  readonly name: string;
  readonly value: string | undefined;
  readonly more: string | undefined;
}) {
  return (
    <li className="kpi kpi-short">
      <h2 className="kpi-label">{name}</h2>
      <p className="kpi-value">{value ?? <span className="skeleton-text" />}</p>
      <p className="kpi-change">{more ?? <>&nbsp;</>}</p>
    </li>
  );
}

const money = (amount: number): string => formatMoney(amount, null, { style: "whole" });

function frauds(count: number): string {
  return `${formatCount(count)} ${count === 1 ? "fraud" : "frauds"}`;
}

export function share(value: number | undefined): string {
  return value === undefined ? "–" : formatPercent(value);
}

export function hours(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value < 1) return `${Math.round(value * 60)} min`;
  return value < 48 ? `${formatDecimal(value)} h` : `${formatDecimal(value / 24)} d`;
}
