import { useState } from "react";
import { type CohortMetric, type Cohorts, cohortMetrics } from "../../api/answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { AsOf } from "../../ui/as-of.tsx";
import { Choice } from "../../ui/choice.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { CohortTable } from "./cohort-table.tsx";

const metricLabels: Readonly<Record<CohortMetric, string>> = {
  purchasing: "Purchasing",
  active: "Active",
};

export function CohortsPanel({ now }: { readonly now: number }) {
  const [metric, setMetric] = useState<CohortMetric>("purchasing");
  const cohorts = useQuery<Cohorts>("/v1/customers/cohorts", { metric });
  return (
    <Panel
      title="Customer retention"
      hint="Share of the customers first seen in a month who came back in the months after"
      actions={
        <Choice
          label="What counts as coming back"
          options={cohortMetrics.map((value) => ({ value, label: metricLabels[value] }))}
          value={metric}
          onChange={setMetric}
        />
      }
      footer={<AsOf of={cohorts.data} />}
    >
      <QueryView
        query={cohorts}
        className="view-cohorts"
        isEmpty={(answer) => answer.cohorts.length === 0}
        empty={
          <EmptyState title="No customers yet">
            A cohort begins with the first month in which customers order.
          </EmptyState>
        }
      >
        {(answer) => <CohortTable cohorts={answer.cohorts} now={now} />}
      </QueryView>
    </Panel>
  );
}
