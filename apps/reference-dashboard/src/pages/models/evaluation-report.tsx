import type { Evaluation, Training } from "../../api/model-answers.ts";
import { formatCount, formatPercent } from "../../format/numbers.ts";

/** What the rows that a model did not learn from say of it. */
export function EvaluationReport({ of }: { readonly of: NonNullable<Training["report"]> }) {
  const { rows, positives, validationRows, validation, members = [], steps, seconds } = of;
  return (
    <div className="evaluation">
      <p className="muted">
        {formatCount(rows)} payments, {formatCount(positives)} of them frauds; {formatCount(steps)}{" "}
        steps in {seconds.toFixed(1)} s. Judged by the last {formatCount(validationRows)}:
      </p>
      {validation === undefined ? (
        <p>These are all of one kind, and say nothing.</p>
      ) : (
        <>
          <Figures of={validation} members={members} />
          <div className="evaluation-parts">
            <Segments of={validation} />
            <Calibration of={validation} />
          </div>
        </>
      )}
    </div>
  );
}

function Figures({
  of,
  members,
}: {
  readonly of: Evaluation;
  readonly members: ReadonlyArray<Evaluation & { readonly model: string }>;
}) {
  const rows = [{ model: "It", ...of }, ...members];
  return (
    <div className="table-scroll">
      <table className="table">
        <caption className="visually-hidden">Evaluation</caption>
        <thead>
          <tr>
            {members.length > 0 && <th scope="col">Model</th>}
            <th scope="col" className="number">
              AUC
            </th>
            <th scope="col" className="number">
              Average precision
            </th>
            {of.precisionAt.map(({ k }) => (
              <th key={k} scope="col" className="number">
                Precision at {formatCount(k)}
              </th>
            ))}
            <th scope="col" className="number">
              Brier score
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.model}>
              {members.length > 0 && <th scope="row">{row.model}</th>}
              <td className="number strong">{row.auc.toFixed(3)}</td>
              <td className="number">{row.averagePrecision.toFixed(3)}</td>
              {row.precisionAt.map(({ k, precision }) => (
                <td key={k} className="number">
                  {formatPercent(precision)}
                </td>
              ))}
              <td className="number">{row.brier.toFixed(4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Segments({ of: { segments = [] } }: { readonly of: Evaluation }) {
  if (segments.length === 0) return null;
  return (
    <div className="table-scroll">
      <table className="table calibration">
        <caption>By segment</caption>
        <thead>
          <tr>
            <th scope="col">Payments</th>
            {["Number", "Frauds", "AUC", "Average precision"].map((name) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {segments.map(({ name, rows, positives, auc, averagePrecision }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number">{formatCount(rows)}</td>
              <td className="number">{formatCount(positives)}</td>
              <td className="number strong">{auc?.toFixed(3) ?? "–"}</td>
              <td className="number">{averagePrecision?.toFixed(3) ?? "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Calibration({ of: { calibration } }: { readonly of: Evaluation }) {
  return (
    <div className="table-scroll">
      <table className="table calibration">
        <caption>Calibration: what its scores promised, and how many frauds came</caption>
        <thead>
          <tr>
            <th scope="col">Promised</th>
            <th scope="col" className="number">
              Came
            </th>
            <th scope="col" className="number">
              Payments
            </th>
          </tr>
        </thead>
        <tbody>
          {calibration.map(({ predicted, observed, cases }, bin) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: bins are known by their place
            <tr key={bin}>
              <th scope="row">{formatPercent(predicted)}</th>
              <td className="number strong">{formatPercent(observed)}</td>
              <td className="number">{formatCount(cases)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
