import type { ModelInfo, ModelPage } from "../../api/model-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatInstant } from "../../format/times.ts";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { ModelBadge } from "./model-badge.tsx";

interface ModelVersionsPanelProps {
  readonly versions: Query<ModelPage>;
  readonly shown: number | undefined;
  readonly addressOf: (version: number) => string;
}

/** Every version, newest first; the last is the one that came with the platform. */
export function ModelVersionsPanel({ versions, shown, addressOf }: ModelVersionsPanelProps) {
  return (
    <Panel title="Versions" className="versions-panel">
      <QueryView
        query={versions}
        className="view-versions"
        isEmpty={({ items }) => items.length === 0}
        empty={<p className="muted">No model: the rules decide alone.</p>}
      >
        {({ items }) => (
          <ul className="versions">
            {items.map((model) => (
              <li key={model.version} aria-current={model.version === shown || undefined}>
                <p className="version-title">
                  <a href={addressOf(model.version)}>
                    {model.name} {model.version}
                  </a>
                  <ModelBadge of={model} />
                </p>
                <p className="muted version-more">{origin(model)}</p>
                {model.note !== undefined && <p className="version-note">{model.note}</p>}
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </Panel>
  );
}

function origin({ version, registeredBy, registeredAt, members }: ModelInfo): string {
  if (version === 0) return "came with the platform";
  const kind = members === undefined ? "" : `ensemble of ${members.join(" and ")}, `;
  return `${kind}${registeredBy}, ${formatInstant(Date.parse(registeredAt))}`;
}
