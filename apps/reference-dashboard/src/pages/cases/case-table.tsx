import { useRef } from "react";
import type { CaseInfo } from "../../api/fraud-answers.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { formatRoute } from "../../routing/route.ts";
import { Bar } from "../../ui/bar.tsx";
import { focusNext, useKeys } from "../../ui/use-keys.ts";
import { Due, EntityChip, StateBadge } from "./case-badges.tsx";

interface CaseTableProps {
  readonly cases: readonly CaseInfo[];
  readonly now: number;
}

export function CaseTable({ cases, now }: CaseTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const go = (step: 1 | -1) =>
    focusNext([...(body.current?.querySelectorAll<HTMLElement>(".case-link") ?? [])], step);
  useKeys({ j: () => go(1), k: () => go(-1) });
  const most = Math.max(1, ...cases.map(({ expectedLoss }) => expectedLoss));
  return (
    <div className="table-scroll">
      <table className="table case-table">
        <thead>
          <tr>
            <th scope="col">Case</th>
            <th scope="col">State</th>
            <th scope="col" className="narrow-hidden">
              What its payments share
            </th>
            <th scope="col" className="number narrow-hidden">
              Payments
            </th>
            <th scope="col" className="number narrow-hidden">
              Amount
            </th>
            <th scope="col" className="number">
              Expected loss
            </th>
            <th scope="col">Due</th>
            <th scope="col">Assigned to</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {cases.map((each) => (
            <CaseLine key={each.case} of={each} share={each.expectedLoss / most} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CaseLine({
  of,
  share,
  now,
}: {
  readonly of: CaseInfo;
  readonly share: number;
  readonly now: number;
}) {
  const currency = of.currency ?? null;
  return (
    <tr>
      <th scope="row">
        <a
          className="case-link"
          href={formatRoute({ page: "case", parameters: { id: String(of.case) } })}
        >
          #{of.case}
        </a>
      </th>
      <td>
        <StateBadge of={of} />
        {of.escalatedBy !== undefined && <span className="escalated"> escalated</span>}
      </td>
      <td className="narrow-hidden">
        <span className="chips">
          {of.entities.slice(0, 3).map((entity) => (
            <EntityChip key={`${entity.kind}:${entity.value}`} {...entity} />
          ))}
        </span>
      </td>
      <td className="number narrow-hidden">{formatCount(of.alerts)}</td>
      <td className="number narrow-hidden">{formatMoney(of.amount, currency)}</td>
      <td className="number case-loss">
        <span className="strong">{formatMoney(of.expectedLoss, currency)}</span>
        <Bar share={share} />
      </td>
      <td>
        <Due of={of} now={now} />
      </td>
      <td>{of.assignee ?? <span className="muted">nobody</span>}</td>
    </tr>
  );
}
