import { useState } from "react";
import type { Training, Trainings } from "../../api/model-answers.ts";
import { request } from "../../api/request.ts";
import { useAction } from "../../api/use-action.ts";
import type { Query } from "../../api/use-query.ts";
import { formatCount } from "../../format/numbers.ts";
import { formatInstant } from "../../format/times.ts";
import { Bar } from "../../ui/bar.tsx";
import { DayRange, lastDays, periodOf } from "../../ui/day-range.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { EvaluationReport } from "./evaluation-report.tsx";

interface TrainingsPanelProps {
  readonly trainings: Query<Trainings>;
  readonly mayEdit: boolean;
  readonly onBegan: () => void;
}

const shown = 10;
const algorithms = {
  boosted: { label: "Boosted trees", algorithm: { kind: "boosted" } },
  forest: { label: "Forest", algorithm: { kind: "forest" } },
  network: { label: "Network", algorithm: { kind: "network", hidden: [64, 32], dropout: 0.2 } },
  logistic: { label: "Logistic regression", algorithm: { kind: "network", hidden: [] } },
} as const;
type Algorithm = keyof typeof algorithms;

/** What is being trained, and how good what was trained is. */
export function TrainingsPanel({ trainings, mayEdit, onBegan }: TrainingsPanelProps) {
  return (
    <Panel
      title="Trainings"
      hint="On decided payments and their labels; the last fifth judges and is not learned from"
      actions={mayEdit && <TrainForm onBegan={onBegan} />}
    >
      <QueryView
        query={trainings}
        className="view-trainings"
        isEmpty={({ items }) => items.length === 0}
        empty={
          <EmptyState title="Nothing was trained here yet" icon="chart">
            A period that ended weeks ago has most of its labels.
          </EmptyState>
        }
      >
        {({ items }) => (
          <ul className="trainings">
            {items.slice(0, shown).map((training) => (
              <li key={training.id}>
                <TrainingEntry of={training} />
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}

const tones: Readonly<Record<Training["state"], string>> = {
  running: "badge-accent",
  done: "badge-approve",
  failed: "badge-decline",
  lost: "badge-decline",
};

function TrainingEntry({ of }: { readonly of: Training }) {
  const { state, report, progress, problem, version } = of;
  return (
    <details className="training" open={state === "running" || undefined}>
      <summary>
        <span className="version-title">
          <span>
            {of.name}
            {version !== undefined && ` ${version}`}, {of.algorithm}
          </span>
          <span className={`badge badge-plain ${tones[state]}`}>{state}</span>
        </span>
        <span className="muted version-more">
          {of.by}, <time dateTime={of.startedAt}>{formatInstant(Date.parse(of.startedAt))}</time>
          {report?.validation !== undefined && `, AUC ${report.validation.auc.toFixed(3)}`}
        </span>
      </summary>
      {state === "running" && (
        <div role="status">
          <p>
            {progress === undefined
              ? "Reading payments"
              : `Step ${formatCount(progress.step)} of at most ${formatCount(progress.steps)}`}
          </p>
          <Bar share={progress === undefined ? 0 : progress.step / progress.steps} />
        </div>
      )}
      {problem !== undefined && <p className="late">{problem}</p>}
      {report !== undefined && <EvaluationReport of={report} />}
    </details>
  );
}

function TrainForm({ onBegan }: { readonly onBegan: () => void }) {
  const [algorithm, setAlgorithm] = useState<Algorithm>("boosted");
  const [days, setDays] = useState(() => lastDays(180, 7));
  const action = useAction();
  const train = () =>
    void action.run(async () => {
      const { algorithm: chosen } = algorithms[algorithm];
      const body = { ...periodOf(days), algorithm: chosen };
      await request("/v1/models/fraud/trainings", { method: "POST", body });
      onBegan();
    });
  return (
    <form
      className="backtest-form"
      onSubmit={(event) => {
        event.preventDefault();
        train();
      }}
    >
      <label>
        <span className="visually-hidden">What is trained</span>
        <select
          className="select"
          value={algorithm}
          onChange={(event) => setAlgorithm(event.target.value as Algorithm)}
        >
          {Object.entries(algorithms).map(([value, { label }]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <DayRange days={days} onChange={setDays} />
      <button
        type="submit"
        className="button button-primary button-flat"
        disabled={action.isBusy || days.from > days.to}
      >
        <Icon name="play" /> Train
      </button>
      {action.problem !== undefined && (
        <ProblemNotice problem={action.problem} onRetry={action.clear} isCompact />
      )}
    </form>
  );
}
