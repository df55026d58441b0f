import { type ReactNode, useState } from "react";
import type { ModelInfo, ModelState } from "../../api/model-answers.ts";
import { request } from "../../api/request.ts";
import { useAction } from "../../api/use-action.ts";
import { formatCount } from "../../format/numbers.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { ModelBadge } from "./model-badge.tsx";

interface ModelPanelProps {
  readonly of: ModelInfo;
  /** Versions that were champion, the last first. */
  readonly approved: readonly number[];
  readonly mayEdit: boolean;
  readonly onChanged: () => void;
}

type Step = "shadow" | "challenge" | "canary" | "promote" | "retire" | "reinstate";

const steps: Readonly<Record<ModelState, readonly Step[]>> = {
  registered: ["challenge", "shadow", "retire"],
  shadow: ["promote", "canary", "challenge", "retire"],
  challenger: ["promote", "canary", "shadow", "retire"],
  canary: ["promote", "canary", "challenge", "retire"],
  champion: [],
  retired: [],
};

const labels: Readonly<Record<Step, string>> = {
  shadow: "Try in shadow",
  challenge: "Make challenger",
  canary: "Canary",
  promote: "Promote",
  retire: "Retire",
  reinstate: "Reinstate",
};

/** What a version is, and what can become of it. What a person may not do, such as approve their own, the API says. */
export function ModelPanel({ of, approved, mayEdit, onChanged }: ModelPanelProps) {
  const action = useAction();
  const move = (version: number, step: Step, body?: object) =>
    void action.run(async () => {
      const path = `/v1/models/fraud/versions/${version}/${step}`;
      await request(path, { method: "POST", ...(body && { body }) });
      onChanged();
    });
  const before = approved.find((version) => version !== of.version);
  const isFormer = of.state === "retired" && approved.includes(of.version);
  return (
    <Panel
      title={`${of.name} ${of.version}`}
      hint={of.note}
      actions={
        mayEdit && (
          <>
            {steps[of.state].map((step) =>
              step === "canary" ? (
                <CanaryForm
                  key={step}
                  share={of.share}
                  isBusy={action.isBusy}
                  onShare={(share) => move(of.version, step, { share })}
                />
              ) : (
                <StepButton
                  key={step}
                  label={labels[step]}
                  isBusy={action.isBusy}
                  onClick={() => move(of.version, step)}
                />
              ),
            )}
            {isFormer && (
              <StepButton
                label={labels.reinstate}
                isBusy={action.isBusy}
                onClick={() => move(of.version, "reinstate")}
              />
            )}
            {of.state === "champion" && before !== undefined && (
              <StepButton
                label={`Roll back to version ${before}`}
                isBusy={action.isBusy}
                onClick={() => move(before, "reinstate")}
              />
            )}
          </>
        )
      }
    >
      {action.problem !== undefined && (
        <ProblemNotice problem={action.problem} onRetry={action.clear} isCompact />
      )}
      <dl className="model-facts">
        <Fact name="Role">
          <ModelBadge of={of} />
        </Fact>
        {of.members === undefined ? (
          <Fact name="Made by">{of.producer === "" ? "unknown" : of.producer}</Fact>
        ) : (
          <Fact name="Ensemble of">{of.members.join(", ")}</Fact>
        )}
        <Fact name="Registered by">
          {of.version === 0 ? "came with the platform" : of.registeredBy}
        </Fact>
        <Fact name="Golden vectors">{formatCount(of.golden.rows)}</Fact>
        {of.rowMs !== undefined && <Fact name="A row took">{of.rowMs.toFixed(3)} ms</Fact>}
        <Fact name="SHA-256">
          <code title={of.sha256}>{of.sha256.slice(0, 12)}</code>
        </Fact>
      </dl>
      {of.warnings.length > 0 && (
        <ul className="model-warnings">
          {of.warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function StepButton({
  label,
  isBusy,
  onClick,
}: {
  readonly label: string;
  readonly isBusy: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button type="button" className="button button-small" disabled={isBusy} onClick={onClick}>
      {label}
    </button>
  );
}

function CanaryForm({
  share,
  isBusy,
  onShare,
}: {
  readonly share: number | undefined;
  readonly isBusy: boolean;
  readonly onShare: (share: number) => void;
}) {
  const [percent, setPercent] = useState(String(share === undefined ? 5 : share * 100));
  const value = Number(percent);
  const isValid = value > 0 && value < 100;
  return (
    <form
      className="canary-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isValid) onShare(value / 100);
      }}
    >
      <button type="submit" className="button button-small" disabled={!isValid || isBusy}>
        {share === undefined ? "Canary for" : "Change to"}
      </button>
      <label>
        <input
          aria-label="Share of the customers in percent"
          inputMode="decimal"
          size={3}
          value={percent}
          onChange={(event) => setPercent(event.target.value)}
        />{" "}
        %
      </label>
    </form>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
