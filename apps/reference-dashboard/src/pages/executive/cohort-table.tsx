import type { CSSProperties } from "react";
import type { Cohort } from "../../api/answers.ts";
import { formatCount, formatPercent } from "../../format/numbers.ts";
import { formatMonth } from "../../format/times.ts";

interface CohortTableProps {
  readonly cohorts: readonly Cohort[];
  readonly now: number;
}

/** A heat map whose cells are numbers. The scale leaves out the first month, in which everyone is there. */
export function CohortTable({ cohorts, now }: CohortTableProps) {
  const longest = Math.max(...cohorts.map(({ customers }) => customers.length));
  const most = Math.max(0.01, ...cohorts.flatMap(({ retention }) => retention.slice(1)));
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Retention by cohort">
        <table className="cohorts" style={{ "--columns": longest } as CSSProperties}>
          <thead>
            <tr>
              <th scope="col">First seen</th>
              <th scope="col" className="number">
                Customers
              </th>
              {Array.from({ length: longest }, (_, offset) => (
                <th key={offset} scope="col" className="cohort-offset">
                  {offset === 0 ? "Month 0" : `+${offset}`}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((cohort) => (
              <CohortRow
                key={cohort.cohort}
                cohort={cohort}
                most={most}
                runningOffset={monthsBetween(cohort.cohort, now)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <p className="cohort-legend">
        <span className="cohort-scale" aria-hidden="true">
          0% <i /> {formatPercent(most)}
        </span>
        <span>
          <i className="cohort-running" aria-hidden="true" /> Month still running: its share will
          grow
        </span>
      </p>
    </>
  );
}

function CohortRow({
  cohort,
  most,
  runningOffset,
}: {
  readonly cohort: Cohort;
  readonly most: number;
  readonly runningOffset: number;
}) {
  return (
    <tr>
      <th scope="row">{formatMonth(Date.parse(`${cohort.cohort}-01`))}</th>
      <td className="number">{formatCount(cohort.size)}</td>
      {cohort.retention.map((share, offset) => {
        const isRunning = offset === runningOffset;
        const words = `${formatCount(cohort.customers[offset] ?? 0)} of ${formatCount(cohort.size)} customers${isRunning ? ", month still running" : ""}`;
        const heat = offset === 0 ? 0 : Math.min(1, share / most);
        const kind = offset === 0 ? " cohort-first" : "";
        return (
          <td
            key={offset}
            className={`cohort-cell${kind}${isRunning ? " cohort-running" : ""}`}
            style={{ "--heat": `${Math.round(heat * 100)}%` } as CSSProperties}
            title={words}
          >
            {formatPercent(share)}
            {isRunning && <span className="visually-hidden"> so far</span>}
          </td>
        );
      })}
    </tr>
  );
}

function monthsBetween(month: string, instant: number): number {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const date = new Date(instant);
  return (date.getUTCFullYear() - year) * 12 + date.getUTCMonth() - (number - 1);
}
