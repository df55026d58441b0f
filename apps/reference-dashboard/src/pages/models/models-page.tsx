import { useEffect, useMemo, useState } from "react";
import type {
  ModelPage,
  ModelRoles,
  Performances,
  Proposals,
  Trainings,
} from "../../api/model-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { dayMs, type Period, resolvePeriod } from "../../period/period.ts";
import { PeriodPicker } from "../../period/period-picker.tsx";
import { formatRoute } from "../../routing/route.ts";
import { usePrincipal } from "../../session/principal-context.ts";
import { AccuracyPanel } from "./accuracy-panel.tsx";
import { ChangesPanel } from "./changes-panel.tsx";
import { ModelPanel } from "./model-panel.tsx";
import { ModelVersionsPanel } from "./model-versions-panel.tsx";
import { PolicyPanel } from "./policy-panel.tsx";
import { ProposalsPanel } from "./proposals-panel.tsx";
import { RunningPanel } from "./running-panel.tsx";
import { TrainingsPanel } from "./trainings-panel.tsx";

interface ModelsPageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

const base = "/v1/models/fraud";
const followMs = 2_000;

/** The model registry: what decides, how it is doing, what is to take its place, and what is being trained. */
export function ModelsPage({ parameters }: ModelsPageProps) {
  const { role } = usePrincipal();
  const [now, setNow] = useState(() => Date.now());
  const period = useMemo(() => resolvePeriod(parameters, now), [parameters, now]);
  const span = { from: iso(period.from), to: iso(period.to) };
  const versions = useQuery<ModelPage>(`${base}/versions`, { limit: 100 });
  const roles = useQuery<ModelRoles>(`${base}/roles`);
  const proposals = useQuery<Proposals>(`${base}/proposals`);
  const trainings = useQuery<Trainings>(`${base}/trainings`);
  const grain = grainOf(period);
  const performances = useQuery<Performances>(`${base}/performance`, { ...span, grain });
  const mayEdit = role === "analyst" || role === "admin";

  const wanted = Number(/^\d{1,9}$/.exec(parameters["version"] ?? "")?.[0] ?? Number.NaN);
  const shown = Number.isNaN(wanted) ? roles.data?.champion : wanted;
  const model = versions.data?.items.find(({ version }) => version === shown);
  const changed = () => {
    for (const each of [versions, roles, proposals, trainings]) each.retry();
  };
  useFollow(trainings.data?.items.some(({ state }) => state === "running") === true, changed);

  const go = (next: Readonly<Record<string, string>>) => {
    setNow(Date.now());
    window.location.hash = formatRoute({ page: "models", parameters: next });
  };
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Models</h1>
          <p className="page-lead">
            The champion decides; a challenger scores beside it, and takes its place when a second
            person or the policy says so.
          </p>
        </div>
        <div className="page-tools">
          <PeriodPicker
            period={period}
            onChange={(next) => go({ ...next, ...(model && { version: String(model.version) }) })}
          />
        </div>
      </div>
      <ProposalsPanel proposals={proposals} mayEdit={mayEdit} onChanged={changed} />
      <div className="rules-columns">
        <ModelVersionsPanel
          versions={versions}
          shown={shown}
          addressOf={(version) =>
            formatRoute({ page: "models", parameters: { ...parameters, version: String(version) } })
          }
        />
        <div className="case-column">
          {model !== undefined && (
            <>
              <ModelPanel
                key={model.version}
                of={model}
                approved={roles.data?.approved ?? []}
                mayEdit={mayEdit}
                onChanged={changed}
              />
              <AccuracyPanel model={model} performances={performances} grain={grain} />
              <RunningPanel model={model} span={span} />
            </>
          )}
          <TrainingsPanel trainings={trainings} mayEdit={mayEdit} onBegan={trainings.retry} />
          {roles.data !== undefined && (
            <PolicyPanel roles={roles.data} mayEdit={role === "admin"} onChanged={changed} />
          )}
          <ChangesPanel roles={roles} />
        </div>
      </div>
    </div>
  );
}

/** Looks again now and then while something is under way. */
function useFollow(isRunning: boolean, look: () => void): void {
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(look, followMs);
    return () => clearInterval(timer);
  });
}

/** Days have too few labels where there are many of them. */
function grainOf({ from, to }: Period): "day" | "week" {
  return to - from > 31 * dayMs ? "week" : "day";
}

const iso = (instant: number): string => new Date(instant).toISOString();
