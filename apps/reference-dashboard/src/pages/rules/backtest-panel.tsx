import { useState } from "react";
import { request } from "../../api/request.ts";
import type { BacktestReport } from "../../api/rule-answers.ts";
import { useAction } from "../../api/use-action.ts";
import { DayRange, lastDays, periodOf } from "../../ui/day-range.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";
import { BacktestResult } from "./backtest-result.tsx";

interface BacktestPanelProps {
  readonly source: string;
  readonly isValid: boolean;
}

/** What the text in the editor would have decided of past payments, beside what decides now. */
export function BacktestPanel({ source, isValid }: BacktestPanelProps) {
  const [days, setDays] = useState(() => lastDays(60, 0));
  const [done, setDone] = useState<{ readonly source: string; readonly report: BacktestReport }>();
  const action = useAction();
  const run = () =>
    void action.run(async () => {
      const report = await request<BacktestReport>("/v1/fraud/rules/backtest", {
        method: "POST",
        body: { source, ...periodOf(days) },
      });
      setDone({ source, report });
    });
  return (
    <Panel
      title="Backtest"
      hint="A payment nothing was heard of counts as honest: leave out the last weeks, whose chargebacks are still to come"
      actions={
        <form
          className="backtest-form"
          onSubmit={(event) => {
            event.preventDefault();
            run();
          }}
        >
          <DayRange days={days} onChange={setDays} />
          <button
            type="submit"
            className="button button-primary button-flat"
            disabled={!isValid || action.isBusy || days.from > days.to}
          >
            <Icon name="play" /> Run
          </button>
        </form>
      }
    >
      <div className="view-backtest" aria-busy={action.isBusy} aria-live="polite">
        {action.problem !== undefined && <ProblemNotice problem={action.problem} onRetry={run} />}
        {action.isBusy && <Skeleton />}
        {!action.isBusy && done === undefined && action.problem === undefined && (
          <EmptyState title="Not run yet" icon="play">
            {isValid ? "It runs on the payments decided in the period." : "Mend the rules first."}
          </EmptyState>
        )}
        {!action.isBusy && done !== undefined && (
          <>
            {done.source !== source && (
              <p className="note">
                <Icon name="alert" /> The text was changed since this was run.
              </p>
            )}
            <BacktestResult of={done.report} />
          </>
        )}
      </div>
    </Panel>
  );
}
