import { useState } from "react";
import type { ModelRoles, PromotionPolicy } from "../../api/model-answers.ts";
import { request } from "../../api/request.ts";
import { useAction } from "../../api/use-action.ts";
import { formatCount } from "../../format/numbers.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";

interface PolicyPanelProps {
  readonly roles: ModelRoles;
  readonly mayEdit: boolean;
  readonly onChanged: () => void;
}

const suggested: PromotionPolicy = { labels: 1_000, frauds: 50, gain: 0.01 };

/** When a challenger takes the champion's place without a person. */
export function PolicyPanel({ roles: { policy }, mayEdit, onChanged }: PolicyPanelProps) {
  const action = useAction();
  const [wanted, setWanted] = useState(policy ?? suggested);
  const save = (next: PromotionPolicy | null) =>
    void action.run(async () => {
      await request("/v1/models/fraud/policy", { method: "PUT", body: { policy: next } });
      onChanged();
    });
  const number = (name: keyof PromotionPolicy, limits: object) => (
    <input
      type="number"
      required
      {...limits}
      value={Number.isNaN(wanted[name]) ? "" : wanted[name]}
      onChange={({ target }) => setWanted({ ...wanted, [name]: target.valueAsNumber })}
    />
  );
  return (
    <Panel title="Promotion">
      <p>{policyText(policy)}</p>
      {action.problem !== undefined && (
        <ProblemNotice problem={action.problem} onRetry={action.clear} isCompact />
      )}
      {mayEdit && (
        <form
          className="policy-form"
          onSubmit={(event) => {
            event.preventDefault();
            save(wanted);
          }}
        >
          <label>AUC larger by {number("gain", { min: 0, max: 0.5, step: 0.001 })}</label>
          <label>on labelled payments {number("labels", { min: 100, step: 1 })}</label>
          <label>with frauds {number("frauds", { min: 10, step: 1 })}</label>
          <button type="submit" className="button" disabled={action.isBusy}>
            {policy === undefined ? "Promote by itself" : "Change"}
          </button>
          {policy !== undefined && (
            <button
              type="button"
              className="button"
              disabled={action.isBusy}
              onClick={() => save(null)}
            >
              Persons only
            </button>
          )}
        </form>
      )}
    </Panel>
  );
}

function policyText(policy: PromotionPolicy | undefined): string {
  if (policy === undefined) return "A challenger is promoted by persons only.";
  const { labels, frauds, gain } = policy;
  return `A challenger is promoted by itself once its AUC is larger by ${gain}, on ${formatCount(labels)} labelled payments, ${formatCount(frauds)} of them frauds.`;
}
