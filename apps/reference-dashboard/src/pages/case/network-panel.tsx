import { lazy, Suspense, useState } from "react";
import type { Network, NetworkNode } from "../../api/fraud-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatMoney } from "../../format/numbers.ts";
import { Choice } from "../../ui/choice.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { Skeleton } from "../../ui/skeleton.tsx";

const NetworkChart = lazy(async () => ({
  default: (await import("../../charts/network-chart.tsx")).NetworkChart,
}));

const depths = ["1", "2", "3"] as const;

interface NetworkPanelProps {
  readonly path: string;
  /** A case that changed is asked about again. */
  readonly version: number;
}

/** What the payments share with others, as a picture and as a table. */
export function NetworkPanel({ path }: NetworkPanelProps) {
  const [depth, setDepth] = useState<(typeof depths)[number]>("1");
  const [isTable, setTable] = useState(false);
  const network = useQuery<Network>(path, { depth, limit: 150 });
  return (
    <Panel
      title="Network"
      hint="Customers, cards, devices and addresses that payments have in common"
      actions={
        <>
          <Choice
            label="Steps"
            options={depths.map((value) => ({
              value,
              label: value === "1" ? "1 step" : `${value} steps`,
            }))}
            value={depth}
            onChange={setDepth}
          />
          <button
            type="button"
            className="button button-small"
            aria-pressed={isTable}
            onClick={() => setTable(!isTable)}
          >
            <Icon name="table" /> Table
          </button>
        </>
      }
    >
      <QueryView
        query={network}
        className="view-network"
        isEmpty={({ nodes }) => nodes.length === 0}
        empty={
          <EmptyState title="Nothing is known of these payments yet">
            They reach the lake within seconds.
          </EmptyState>
        }
      >
        {(found) => (
          <>
            {isTable ? (
              <NetworkTable of={found} />
            ) : (
              <Suspense fallback={<Skeleton />}>
                <NetworkChart of={found} label={describe(found)} />
              </Suspense>
            )}
            <Legend />
            {found.truncated && (
              <p className="muted">There is more than is shown: the nearest come first.</p>
            )}
          </>
        )}
      </QueryView>
    </Panel>
  );
}

function describe({ nodes, edges }: Network): string {
  const payments = nodes.filter(({ kind }) => kind === "payment").length;
  return `Network of ${payments} payments and ${nodes.length - payments} customers, cards, devices and addresses with ${edges.length} links. The table has every one.`;
}

function Legend() {
  return (
    <ul className="network-legend">
      <li className="network-payment">payment (larger: more money)</li>
      <li className="network-stopped">stopped payment</li>
      <li className="network-fraud">labelled fraud</li>
      <li className="network-legitimate">labelled legitimate</li>
      <li className="network-entity">customer, card, device, address</li>
    </ul>
  );
}

function NetworkTable({ of: { nodes, edges } }: { readonly of: Network }) {
  const links = (id: string) => edges.filter(({ from, to }) => from === id || to === id).length;
  return (
    <div className="table-scroll network-table">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Id</th>
            <th scope="col" className="number">
              Links
            </th>
            <th scope="col">Known of it</th>
          </tr>
        </thead>
        <tbody>
          {nodes
            .map((node) => ({ node, count: links(node.id) }))
            .toSorted((a, b) => b.count - a.count)
            .map(({ node, count }) => (
              <tr key={node.id}>
                <td>{node.kind}</td>
                <td className="network-id">{node.value}</td>
                <td className="number">{count}</td>
                <td>{knownOf(node)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

export function knownOf({ kind, outcome, amount, currency, verdict }: NetworkNode): string {
  if (kind !== "payment") return "";
  return [
    outcome,
    amount === undefined ? undefined : formatMoney(amount, currency ?? null),
    verdict,
  ]
    .filter((part) => part !== undefined)
    .join(", ");
}
