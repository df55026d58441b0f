import type { ModelRoles } from "../../api/model-answers.ts";
import type { Query } from "../../api/use-query.ts";
import { formatInstant } from "../../format/times.ts";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";

const shown = 12;

/** Who changed what. */
export function ChangesPanel({ roles }: { readonly roles: Query<ModelRoles> }) {
  return (
    <Panel title="Changes">
      <QueryView
        query={roles}
        className="view-changes"
        isEmpty={({ changes }) => changes.length === 0}
        empty={<p className="muted">The model that came with the platform decides since ever.</p>}
      >
        {({ changes }) => (
          <div className="table-scroll">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">At</th>
                  <th scope="col">By</th>
                  <th scope="col">What</th>
                  <th scope="col" className="number">
                    Version
                  </th>
                  <th scope="col">Why</th>
                </tr>
              </thead>
              <tbody>
                {changes.slice(0, shown).map(({ at, by, action, version, why }) => (
                  <tr key={`${at}/${action}/${version}`}>
                    <th scope="row">{formatInstant(Date.parse(at))}</th>
                    <td>{by}</td>
                    <td>{action}</td>
                    <td className="number">{version}</td>
                    <td>{why}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryView>
    </Panel>
  );
}
