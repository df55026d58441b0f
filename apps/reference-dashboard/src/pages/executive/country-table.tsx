import { formatCount, formatMoney } from "../../format/numbers.ts";
import type { CountrySales } from "../../geo/sales-by-country.ts";
import { Bar } from "../../ui/bar.tsx";

interface CountryTableProps {
  readonly sales: readonly CountrySales[];
  readonly currency: string | null;
}

/** Every country with its numbers: what the map shows, in words. */
export function CountryTable({ sales, currency }: CountryTableProps) {
  const most = Math.max(1, ...sales.map(({ net }) => Number(net)));
  return (
    <div
      className="table-scroll countries-table"
      tabIndex={0}
      role="region"
      aria-label="Sales by country as a table"
    >
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Country</th>
            <th scope="col" className="number">
              Orders
            </th>
            <th scope="col" className="number">
              Net revenue
            </th>
          </tr>
        </thead>
        <tbody>
          {sales.map(({ code, name, net, orders }) => (
            <tr key={code ?? name}>
              <th scope="row" className="with-bar">
                {name === "(none)" ? "Unknown" : name}
                <Bar share={Number(net) / most} />
              </th>
              <td className="number">{formatCount(orders)}</td>
              <td className="number strong">{formatMoney(net, currency, { style: "whole" })}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
