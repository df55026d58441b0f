import { useMemo, useState } from "react";
import type { FraudReport, LabelCurve } from "../../api/fraud-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { resolvePeriod } from "../../period/period.ts";
import { PeriodPicker } from "../../period/period-picker.tsx";
import { formatRoute } from "../../routing/route.ts";
import { Icon } from "../../ui/icon.tsx";
import { AnalystsPanel } from "./analysts-panel.tsx";
import { CurvePanel } from "./curve-panel.tsx";
import { FraudFigures } from "./fraud-figures.tsx";
import { RulesReportPanel } from "./rules-report-panel.tsx";
import { SellersPanel } from "./sellers-panel.tsx";

interface FraudPageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

/** What fraud cost, what was prevented, and how right the decisions were. */
export function FraudPage({ parameters }: FraudPageProps) {
  const [now, setNow] = useState(() => Date.now());
  const period = useMemo(() => resolvePeriod(parameters, now), [parameters, now]);
  const span = { from: iso(period.from), to: iso(period.to) };
  const report = useQuery<FraudReport>("/v1/fraud/case-report", span);
  const curve = useQuery<LabelCurve>("/v1/fraud/label-curve", span);
  const change = (next: Readonly<Record<string, string>>) => {
    setNow(Date.now());
    window.location.hash = formatRoute({ page: "fraud", parameters: next });
  };
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Fraud</h1>
          <p className="page-lead">
            As far as labels of analysts and chargebacks say; a payment nothing was heard of counts
            as neither.
          </p>
        </div>
        <div className="page-tools">
          <PeriodPicker period={period} onChange={change} />
          <button
            type="button"
            className="icon-button icon-button-framed"
            aria-label="Refresh"
            title="Refresh"
            onClick={() => {
              setNow(Date.now());
              report.retry();
              curve.retry();
            }}
          >
            <Icon name="refresh" />
          </button>
        </div>
      </div>
      <FraudFigures report={report} />
      <CurvePanel curve={curve} />
      <div className="panel-row">
        <RulesReportPanel report={report} />
        <AnalystsPanel report={report} />
      </div>
      <SellersPanel by="merchant" span={span} />
      <SellersPanel by="seller" span={span} />
    </div>
  );
}

const iso = (instant: number): string => new Date(instant).toISOString();
