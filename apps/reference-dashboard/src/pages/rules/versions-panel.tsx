import { request } from "../../api/request.ts";
import type { RuleSetState, RuleVersionInfo, RuleVersions } from "../../api/rule-answers.ts";
import { useAction } from "../../api/use-action.ts";
import type { Query } from "../../api/use-query.ts";
import { formatInstant } from "../../format/times.ts";
import { formatRoute } from "../../routing/route.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { QueryView } from "../../ui/query-view.tsx";

interface VersionsPanelProps {
  readonly versions: Query<RuleVersions>;
  readonly shown: number | undefined;
  readonly mayEdit: boolean;
  readonly onChanged: () => void;
}

type Step = "shadow" | "activate" | "archive" | "reinstate";

const steps: Readonly<
  Record<RuleSetState, ReadonlyArray<{ readonly step: Step; readonly label: string }>>
> = {
  draft: [
    { step: "shadow", label: "Try in shadow" },
    { step: "archive", label: "Archive" },
  ],
  shadow: [
    { step: "activate", label: "Approve" },
    { step: "archive", label: "Archive" },
  ],
  active: [],
  archived: [{ step: "reinstate", label: "Reinstate" }],
};

const tones: Readonly<Record<RuleSetState, string>> = {
  draft: "",
  shadow: "badge-look",
  active: "badge-approve",
  archived: "",
};

/** Every version and what can become of it. What a person may not do, such as approve their own, the API says. */
export function VersionsPanel({ versions, shown, mayEdit, onChanged }: VersionsPanelProps) {
  const action = useAction();
  const take = (version: number, step: Step) =>
    void action.run(async () => {
      await request(`/v1/fraud/rules/${version}/${step}`, { method: "POST" });
      onChanged();
    });
  return (
    <Panel title="Versions" className="versions-panel">
      {action.problem !== undefined && (
        <ProblemNotice problem={action.problem} onRetry={action.clear} isCompact />
      )}
      <QueryView
        query={versions}
        className="view-versions"
        isEmpty={({ items }) => items.length === 0}
        empty={null}
      >
        {({ items }) => (
          <ul className="versions">
            {items.map((version) => (
              <li key={version.version} aria-current={version.version === shown || undefined}>
                <Version of={version} />
                {mayEdit && steps[version.state].length > 0 && (
                  <span className="version-steps">
                    {steps[version.state].map(({ step, label }) => (
                      <button
                        key={step}
                        type="button"
                        className="button button-small"
                        disabled={action.isBusy}
                        onClick={() => take(version.version, step)}
                      >
                        {label}
                      </button>
                    ))}
                  </span>
                )}
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}

function Version({ of }: { readonly of: RuleVersionInfo }) {
  return (
    <div>
      <p className="version-title">
        <a href={formatRoute({ page: "rules", parameters: { version: String(of.version) } })}>
          {of.name} {of.version}
        </a>
        <span className={`badge badge-plain ${tones[of.state]}`}>{of.state}</span>
      </p>
      <p className="muted version-more">
        {of.rules} rules
        {of.version > 0 && (
          <>
            , {of.proposedBy},{" "}
            <time dateTime={of.proposedAt}>{formatInstant(Date.parse(of.proposedAt))}</time>
          </>
        )}
      </p>
      {of.note !== undefined && <p className="version-note">{of.note}</p>}
    </div>
  );
}
