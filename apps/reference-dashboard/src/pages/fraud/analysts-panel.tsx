import type { FraudReport } from "../../api/fraud-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount } from "../../format/numbers.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { hours } from "./fraud-figures.tsx";

/** Cases closed by each analyst, and their labels that the bank was against later. */
export function AnalystsPanel({ report }: { readonly report: Query<FraudReport> }) {
  return (
    <Panel title="By analyst">
      <QueryView
        query={report}
        className="view-by-analyst"
        isEmpty={({ byAnalyst }) => byAnalyst.length === 0}
        empty={
          <EmptyState title="Nobody closed or labelled anything">
            Cases wait in the queue.
          </EmptyState>
        }
      >
        {({ byAnalyst }) => (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Analyst</th>
                  <th scope="col" className="number">
                    Closed
                  </th>
                  <th scope="col" className="number">
                    In time
                  </th>
                  <th scope="col" className="number">
                    Median
                  </th>
                  <th scope="col" className="number">
                    Labels
                  </th>
                  <th scope="col" className="number">
                    Bank said otherwise
                  </th>
                </tr>
              </thead>
              <tbody>
                {byAnalyst.map((row) => (
                  <tr key={row.analyst}>
                    <th scope="row">{row.analyst}</th>
                    <td className="number">{formatCount(row.closed)}</td>
                    <td className="number">{formatCount(row.inTime)}</td>
                    <td className="number">{hours(row.medianHours)}</td>
                    <td className="number">{formatCount(row.labels)}</td>
                    <td className="number">{formatCount(row.overturned)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryView>
    </Panel>
  );
}
