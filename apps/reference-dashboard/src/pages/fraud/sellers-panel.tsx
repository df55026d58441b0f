import type { SellerRisks } from "../../api/fraud-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatCount, formatMoney, formatPercent } from "../../format/numbers.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";

interface SellersPanelProps {
  readonly by: "merchant" | "seller";
  readonly span: { readonly from: string; readonly to: string };
}

const titles = { merchant: "Merchants", seller: "Sellers" };
const shown = 20;

/** Whose payments turn out to be fraud most often; nothing at all where payments name nobody who sells. */
export function SellersPanel({ by, span }: SellersPanelProps) {
  const { data, problem, retry } = useQuery<SellerRisks>("/v1/fraud/risks", { by, ...span });
  if (problem !== undefined) return <ProblemNotice problem={problem} onRetry={retry} />;
  if (data === undefined || data.items.length === 0) return null;
  const { items, usual } = data;
  return (
    <Panel
      title={titles[by]}
      hint={`${usual === undefined ? "" : `Usual rate ${formatPercent(usual)}. `}A rate of few payments is drawn towards it`}
    >
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{titles[by].slice(0, -1)}</th>
              <th scope="col" className="number">
                Payments
              </th>
              <th scope="col" className="number">
                Frauds
              </th>
              <th scope="col" className="number">
                Fraud rate
              </th>
              <th scope="col" className="number">
                Between
              </th>
              <th scope="col" className="number">
                Fraud amount
              </th>
            </tr>
          </thead>
          <tbody>
            {items.slice(0, shown).map(({ id, ...risk }) => (
              <tr key={id}>
                <th scope="row">
                  <code>{id}</code>
                </th>
                <td className="number">{formatCount(risk.payments)}</td>
                <td className="number">{formatCount(risk.frauds)}</td>
                <td className="number">{formatPercent(risk.rate)}</td>
                <td className="number">
                  {formatPercent(risk.least)} – {formatPercent(risk.most)}
                </td>
                <td className="number">
                  {formatMoney(risk.fraudAmount, null, { style: "whole" })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {items.length > shown && (
        <p className="muted">
          The {shown} largest rates of {formatCount(items.length)}.
        </p>
      )}
    </Panel>
  );
}
