import { useCallback, useState } from "react";
import type { WholeCase } from "../../api/fraud-answers.ts";
import { request } from "../../api/request.ts";
import { useAction } from "../../api/use-action.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatRoute } from "../../routing/route.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { CaseHead } from "./case-head.tsx";
import { CountriesOfCase } from "./countries-of-case.tsx";
import { FilesPanel } from "./files-panel.tsx";
import { NetworkPanel } from "./network-panel.tsx";
import { PaymentsPanel } from "./payments-panel.tsx";
import { RelatedPanel } from "./related-panel.tsx";
import { SuggestionsPanel } from "./suggestions-panel.tsx";
import { TimelinePanel } from "./timeline-panel.tsx";

interface CasePageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

/** Does something with the case as it is shown; resolves true once it is done. */
export type ActOnCase = (step: string, body?: object) => Promise<boolean>;

/** A case: what its payments are, why they were stopped, what they share, and what is done about it. */
export function CasePage({ parameters }: CasePageProps) {
  const number = /^\d{1,9}$/.exec(parameters["id"] ?? "")?.[0];
  if (number === undefined)
    return (
      <div className="page">
        <EmptyState title="Which case?">
          <a href={formatRoute({ page: "cases", parameters: {} })}>All cases</a>
        </EmptyState>
      </div>
    );
  return <Opened key={number} path={`/v1/fraud/cases/${number}`} />;
}

function Opened({ path }: { readonly path: string }) {
  const asked = useQuery<WholeCase>(path);
  // What a change answered is newer than what was asked for before it.
  const [changed, setChanged] = useState<WholeCase>();
  const action = useAction();
  const shown = newer(asked.data, changed);
  const { run, clear } = action;
  const { retry } = asked;
  const act = useCallback<ActOnCase>(
    (step, body = {}) =>
      run(async () => {
        const version = shown?.version;
        const given = step === "notes" || step === "files" ? body : { version, ...body };
        const answer = await request<WholeCase>(`${path}/${step}`, { method: "POST", body: given });
        setChanged(answer);
      }),
    [path, run, shown?.version],
  );
  const reload = () => {
    clear();
    setChanged(undefined);
    retry();
  };
  return (
    <div className="page">
      <QueryView
        query={{ ...asked, data: shown }}
        className="view-case"
        isEmpty={() => false}
        empty={null}
      >
        {(found) => (
          <div className="case">
            <CaseHead of={found} act={act} isBusy={action.isBusy} onReload={reload} />
            {action.problem !== undefined && (
              <ProblemNotice
                problem={
                  action.problem.code === "ECAP_CONFLICT"
                    ? { ...action.problem, help: "Look at it as it is now, and decide again." }
                    : action.problem
                }
                onRetry={reload}
              />
            )}
            <div className="case-columns">
              <div className="case-column">
                <PaymentsPanel of={found} act={act} isBusy={action.isBusy} />
                <NetworkPanel path={`${path}/network`} version={found.version} />
              </div>
              <div className="case-column">
                <SuggestionsPanel of={found} act={act} isBusy={action.isBusy} />
                <TimelinePanel of={found} act={act} isBusy={action.isBusy} />
                <FilesPanel of={found} path={path} act={act} isBusy={action.isBusy} />
                <CountriesOfCase of={found} />
                <RelatedPanel of={found} />
              </div>
            </div>
          </div>
        )}
      </QueryView>
    </div>
  );
}

function newer(a: WholeCase | undefined, b: WholeCase | undefined): WholeCase | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.version >= a.version ? b : a;
}
