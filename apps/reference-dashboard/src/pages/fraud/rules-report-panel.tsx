import type { FraudReport } from "../../api/fraud-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { share } from "./fraud-figures.tsx";

/** What each rule had a part in. */
export function RulesReportPanel({ report }: { readonly report: Query<FraudReport> }) {
  return (
    <Panel title="By rule" hint="Payments that several rules held of count for each">
      <QueryView
        query={report}
        className="view-by-rule"
        isEmpty={({ byRule }) => byRule.length === 0}
        empty={<EmptyState title="No rule held in this period" />}
      >
        {({ byRule }) => (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">Rule</th>
                  <th scope="col" className="number">
                    Stopped
                  </th>
                  <th scope="col" className="number">
                    Precision
                  </th>
                  <th scope="col" className="number">
                    Prevented
                  </th>
                  <th scope="col" className="number">
                    False positives
                  </th>
                </tr>
              </thead>
              <tbody>
                {byRule.map((rule) => (
                  <tr key={rule.code}>
                    <th scope="row">
                      <code>{rule.code}</code>
                    </th>
                    <td className="number">{formatCount(rule.stopped)}</td>
                    <td className="number">{share(rule.precision)}</td>
                    <td className="number">
                      {formatMoney(rule.prevented, null, { style: "whole" })}
                    </td>
                    <td className="number">{formatCount(rule.falsePositives)}</td>
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
