import type { RevenueBreakdown } from "../../api/answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { Bar } from "../../ui/bar.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { NoSales } from "./no-sales.tsx";

const shown = 10;

export function TopProductsPanel({ from, to }: { readonly from: string; readonly to: string }) {
  const products = useQuery<RevenueBreakdown>("/v1/bi/products/top", { from, to, limit: shown });
  return (
    <Panel
      title="Top products"
      hint="By net revenue, without charges"
      footer={<AsOf of={products.data} />}
    >
      <QueryView
        query={products}
        className="view-products"
        isEmpty={({ rows }) => rows.length === 0}
        empty={<NoSales />}
      >
        {({ rows, currency }) => <ProductTable rows={rows} currency={currency} />}
      </QueryView>
    </Panel>
  );
}

function ProductTable({ rows, currency }: Pick<RevenueBreakdown, "rows" | "currency">) {
  const most = Math.max(1, ...rows.map(({ net }) => Number(net)));
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Top products">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" className="number">
              Units
            </th>
            <th scope="col" className="number narrow-hidden">
              Refunded
            </th>
            <th scope="col" className="number">
              Net revenue
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ value, name, units, refunded, net }) => (
            <tr key={value}>
              <th scope="row" className="with-bar" title={`Product ${value}`}>
                <span className="clip">{name ?? value}</span>
                <Bar share={Number(net) / most} />
              </th>
              <td className="number">{formatCount(units)}</td>
              <td className="number narrow-hidden">
                {formatMoney(refunded, currency, { style: "whole" })}
              </td>
              <td className="number strong">{formatMoney(net, currency, { style: "whole" })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
