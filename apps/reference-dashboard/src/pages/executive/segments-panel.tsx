import type { Segments } from "../../api/answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatCount, formatPercent } from "../../format/numbers.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { Bar } from "../../ui/bar.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";

/** Customers by what they bought last, how often and for how much; today, whatever the period. */
export function SegmentsPanel() {
  const segments = useQuery<Segments>("/v1/customers/segments");
  return (
    <Panel
      title="Customer segments"
      hint="By recency, frequency and monetary value, today"
      footer={<AsOf of={segments.data} />}
    >
      <QueryView
        query={segments}
        className="view-segments"
        isEmpty={(answer) => answer.segments.every(({ customers }) => customers === 0)}
        empty={
          <EmptyState title="No customers yet">
            Customers appear with their first order that names them.
          </EmptyState>
        }
      >
        {(answer) => <SegmentList segments={answer.segments} />}
      </QueryView>
    </Panel>
  );
}

function SegmentList({ segments }: Pick<Segments, "segments">) {
  const all = segments.reduce((sum, { customers }) => sum + customers, 0);
  const most = Math.max(1, ...segments.map(({ customers }) => customers));
  return (
    <table className="table segments">
      <thead className="visually-hidden">
        <tr>
          <th scope="col">Segment</th>
          <th scope="col">Customers</th>
          <th scope="col">Share</th>
        </tr>
      </thead>
      <tbody>
        {segments.map(({ segment, customers }) => (
          <tr key={segment}>
            <th scope="row" className="with-bar">
              {segment}
              <Bar share={customers / most} />
            </th>
            <td className="number strong">{formatCount(customers)}</td>
            <td className="number muted">{formatPercent(customers / all)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
