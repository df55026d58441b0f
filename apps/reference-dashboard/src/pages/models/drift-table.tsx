import type { Monitoring } from "../../api/model-answers.ts";
import { formatCount } from "../../format/numbers.ts";

const shown = 8;

/** The features that moved most, from those of the training data. */
export function DriftTable({ features }: Pick<Monitoring, "features">) {
  return (
    <div className="table-scroll drift-table">
      <table className="table">
        <caption className="visually-hidden">Drift of features</caption>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            <th scope="col" className="number">
              Stability index
            </th>
            <th scope="col" className="number">
              Limit of chance
            </th>
            <th scope="col" className="number narrow-hidden">
              Values
            </th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {features.slice(0, shown).map((each) => (
            <tr key={each.feature}>
              <th scope="row">
                <code>{each.feature}</code>
              </th>
              <td className="number strong">{each.psi.toFixed(3)}</td>
              <td className="number">{each.threshold?.toFixed(3) ?? "–"}</td>
              <td className="number narrow-hidden">{formatCount(each.values)}</td>
              <td>{each.drifted ? <span className="late">drifted</span> : "steady"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
