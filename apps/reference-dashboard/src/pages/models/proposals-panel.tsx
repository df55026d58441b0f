import { useState } from "react";
import type { Evidence, Proposal, Proposals } from "../../api/model-answers.ts";
import { request } from "../../api/request.ts";
import { useAction } from "../../api/use-action.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount } from "../../format/numbers.ts";
import { formatInstant } from "../../format/times.ts";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";

interface ProposalsPanelProps {
  readonly proposals: Query<Proposals>;
  readonly mayEdit: boolean;
  readonly onChanged: () => void;
}

/** That the model which decides is to be trained again, while somebody has to say so; nothing at all else. */
export function ProposalsPanel({ proposals, mayEdit, onChanged }: ProposalsPanelProps) {
  const open = proposals.data?.items.find(({ state }) => state === "open");
  const { problem, retry } = proposals;
  if (problem !== undefined) return <ProblemNotice problem={problem} onRetry={retry} />;
  return open === undefined ? null : (
    <OpenProposal key={open.id} of={open} mayEdit={mayEdit} onChanged={onChanged} />
  );
}

function OpenProposal({
  of,
  mayEdit,
  onChanged,
}: {
  readonly of: Proposal;
  readonly mayEdit: boolean;
  readonly onChanged: () => void;
}) {
  const action = useAction();
  const [reason, setReason] = useState("");
  const answer = (how: "accept" | "dismiss", body: object) =>
    void action.run(async () => {
      await request(`/v1/models/fraud/proposals/${of.id}/${how}`, { method: "POST", body });
      onChanged();
    });
  return (
    <Panel
      title={`Train another model: ${of.model} is not what it was`}
      hint={`Since ${formatInstant(Date.parse(of.raisedAt))}`}
      className="proposal"
      actions={
        mayEdit && (
          <>
            <button
              type="button"
              className="button button-primary button-flat"
              disabled={action.isBusy}
              onClick={() => answer("accept", {})}
            >
              <Icon name="play" /> Train a challenger
            </button>
            <form
              className="dismiss-form"
              onSubmit={(event) => {
                event.preventDefault();
                answer("dismiss", { reason: reason.trim() });
              }}
            >
              <input
                aria-label="Why it is left as it is"
                placeholder="Why not?"
                maxLength={500}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
              <button
                type="submit"
                className="button"
                disabled={action.isBusy || reason.trim() === ""}
              >
                Dismiss
              </button>
            </form>
          </>
        )
      }
    >
      {action.problem !== undefined && (
        <ProblemNotice problem={action.problem} onRetry={action.clear} isCompact />
      )}
      <ul className="evidence-list">
        {of.evidence.map((evidence) => (
          <li key={sentence(evidence)}>{sentence(evidence)}</li>
        ))}
      </ul>
    </Panel>
  );
}

function sentence(evidence: Evidence): string {
  if (evidence.kind === "decay") {
    const { measure, before, now, labelled, positives } = evidence;
    const what = measure === "auc" ? "AUC" : "Average precision";
    return `${what} fell from ${before.toFixed(3)} to ${now.toFixed(3)}, on ${formatCount(labelled)} labelled payments, ${formatCount(positives)} of them frauds`;
  }
  const { kind, feature = "", psi, values } = evidence;
  const what = kind === "score-drift" ? "The scores" : feature;
  return `${what} drifted: a stability index of ${psi.toFixed(2)} over ${formatCount(values)} values`;
}
