import { useEffect, useState } from "react";
import { request } from "../../api/request.ts";
import type { RuleVersion, RuleVersions } from "../../api/rule-answers.ts";
import { useAction } from "../../api/use-action.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatRoute } from "../../routing/route.ts";
import { usePrincipal } from "../../session/principal-context.ts";
import { Panel } from "../../ui/panel.tsx";
import { ProblemNotice } from "../../ui/problem-notice.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { BacktestPanel } from "./backtest-panel.tsx";
import { LanguagePanel } from "./language-panel.tsx";
import { RuleEditor } from "./rule-editor.tsx";
import { textOf } from "./rule-text.ts";
import { useValidation } from "./use-validation.ts";
import { VersionsPanel } from "./versions-panel.tsx";

interface RulesPageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

/** Rule sets: their versions, the text of one, what it would have done, and the way to let it decide. */
export function RulesPage({ parameters }: RulesPageProps) {
  const { role } = usePrincipal();
  const versions = useQuery<RuleVersions>("/v1/fraud/rules", { limit: 100 });
  const active = versions.data?.items.find(({ state }) => state === "active")?.version;
  const wanted = /^\d{1,9}$/.exec(parameters["version"] ?? "")?.[0];
  const shown = wanted ?? (active === undefined ? undefined : String(active));
  const opened = useQuery<RuleVersion>(
    shown === undefined ? undefined : `/v1/fraud/rules/${shown}`,
  );
  const mayEdit = role === "analyst" || role === "admin";
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Rules</h1>
          <p className="page-lead">
            A draft decides nothing, a shadow decides beside, and only what a second person approved
            decides.
          </p>
        </div>
      </div>
      <div className="rules-columns">
        <VersionsPanel
          versions={versions}
          shown={opened.data?.version}
          mayEdit={mayEdit}
          onChanged={() => {
            versions.retry();
            opened.retry();
          }}
        />
        <QueryView query={opened} className="view-rules" isEmpty={() => false} empty={null}>
          {(version) => (
            <Opened
              key={version.version}
              of={version}
              mayEdit={mayEdit}
              onSaved={({ version: saved }) => {
                versions.retry();
                window.location.hash = formatRoute({
                  page: "rules",
                  parameters: { version: String(saved) },
                });
              }}
            />
          )}
        </QueryView>
      </div>
    </div>
  );
}

function Opened({
  of,
  mayEdit,
  onSaved,
}: {
  readonly of: RuleVersion;
  readonly mayEdit: boolean;
  readonly onSaved: (saved: RuleVersion) => void;
}) {
  const stored = textOf(of.document);
  const [text, setText] = useState(stored);
  const [note, setNote] = useState("");
  const save = useAction();
  const isChanged = text !== stored;
  const problems = useValidation(mayEdit ? text : undefined);
  useWarning(isChanged);
  const draft = () =>
    void save.run(async () => {
      const saved = await request<RuleVersion>("/v1/fraud/rules", {
        method: "POST",
        body: { source: text, ...(note.trim() !== "" && { note: note.trim() }) },
      });
      onSaved(saved);
    });
  return (
    <div className="case-column">
      <Panel
        title={`Version ${of.version} of ${of.name}`}
        hint={isChanged ? "Changed; what is saved becomes a new draft" : of.note}
        actions={
          mayEdit && (
            <form
              className="save-draft"
              onSubmit={(event) => {
                event.preventDefault();
                draft();
              }}
            >
              <label className="visually-hidden" htmlFor="draft-note">
                Note on the draft
              </label>
              <input
                id="draft-note"
                placeholder="What is it for?"
                maxLength={500}
                value={note}
                onChange={(event) => setNote(event.target.value)}
              />
              <button
                type="button"
                className="button"
                disabled={!isChanged}
                onClick={() => setText(stored)}
              >
                Undo
              </button>
              <button
                type="submit"
                className="button button-primary button-flat"
                disabled={
                  !isChanged || save.isBusy || problems === undefined || problems.length > 0
                }
              >
                Save draft
              </button>
            </form>
          )
        }
      >
        {save.problem !== undefined && <ProblemNotice problem={save.problem} isCompact />}
        <RuleEditor text={text} onChange={setText} problems={problems} />
      </Panel>
      {mayEdit && (
        <BacktestPanel source={text} isValid={problems !== undefined && problems.length === 0} />
      )}
      <LanguagePanel />
    </div>
  );
}

/** The browser asks before what was not saved is lost. */
function useWarning(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isChanged]);
}
