import type { Grain } from "../../api/answers.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { formatBucketInFull } from "../../format/times.ts";
import type { Bucket } from "../../period/fill-buckets.ts";

interface RevenueTableProps {
  readonly buckets: readonly Bucket[];
  readonly grain: Grain;
  readonly currency: string | null;
}

/** The same numbers as the chart, newest first. */
export function RevenueTable({ buckets, grain, currency }: RevenueTableProps) {
  return (
    <div
      className="table-scroll"
      tabIndex={0}
      role="region"
      aria-label="Revenue over time as a table"
    >
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{grain.charAt(0).toUpperCase() + grain.slice(1)}</th>
            <th scope="col" className="number">
              Gross
            </th>
            <th scope="col" className="number">
              Refunded
            </th>
            <th scope="col" className="number">
              Net
            </th>
            <th scope="col" className="number">
              Orders
            </th>
            <th scope="col" className="number">
              Units
            </th>
          </tr>
        </thead>
        <tbody>
          {buckets.toReversed().map((bucket) => (
            <tr key={bucket.at}>
              <th scope="row">
                {formatBucketInFull(bucket.at, grain)}
                {bucket.isRunning && <span className="muted"> (so far)</span>}
              </th>
              <td className="number">{formatMoney(bucket.gross, currency)}</td>
              <td className="number">{formatMoney(bucket.refunded, currency)}</td>
              <td className="number strong">{formatMoney(bucket.net, currency)}</td>
              <td className="number">{formatCount(bucket.orders)}</td>
              <td className="number">{formatCount(bucket.units)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
