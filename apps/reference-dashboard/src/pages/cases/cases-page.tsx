import { useState } from "react";
import type { CasePage, QueueCounts } from "../../api/fraud-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { formatRoute } from "../../routing/route.ts";
import { usePrincipal } from "../../session/principal-context.ts";
import { Choice } from "../../ui/choice.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { QueryView } from "../../ui/query-view.tsx";
import { type CaseView, caseOrders, caseViews, questionOf } from "./case-question.ts";
import { CaseTable } from "./case-table.tsx";
import { Find } from "./find.tsx";

interface CasesPageProps {
  readonly parameters: Readonly<Record<string, string>>;
}

/** The queue: what is to be looked at, what may cost most first. */
export function CasesPage({ parameters }: CasesPageProps) {
  const { id } = usePrincipal();
  const [now, setNow] = useState(() => Date.now());
  const { view, order, queue, cursor, find } = questionOf(parameters);
  const cases = useQuery<CasePage>("/v1/fraud/cases", {
    ...(find === undefined ? { ...filters(view, id), queue } : { id: find }),
    order,
    cursor,
    limit: 50,
  });
  const counts = useQuery<QueueCounts>("/v1/fraud/case-queues");
  const go = (next: Readonly<Record<string, string | undefined>>) => {
    const merged = { view, order, queue, find, ...next };
    window.location.hash = formatRoute({ page: "cases", parameters: defined(merged) });
  };
  const refresh = () => {
    setNow(Date.now());
    cases.retry();
    counts.retry();
  };
  return (
    <div className="page">
      <div className="page-head">
        <div>
          <h1>Cases</h1>
          <p className="page-lead">
            <Summary counts={counts.data} />
          </p>
        </div>
        <div className="page-tools">
          <Find key={find} wanted={find} onFind={(next) => go({ find: next, cursor: undefined })} />
          <button
            type="button"
            className="icon-button icon-button-framed"
            aria-label="Refresh"
            title="Refresh"
            onClick={refresh}
          >
            <Icon name="refresh" />
          </button>
        </div>
      </div>
      <QueueCards counts={counts.data} selected={queue} onSelect={(next) => go({ queue: next })} />
      <Panel
        title={find === undefined ? "Queue" : `Cases that know ${find}`}
        hint={<Keys />}
        actions={
          <>
            <Choice
              label="Which cases"
              options={caseViews.map((value) => ({ value, label: viewLabels[value] }))}
              value={view}
              onChange={(next) => go({ view: next, find: undefined })}
            />
            <Choice
              label="Order"
              options={caseOrders.map((value) => ({ value, label: orderLabels[value] }))}
              value={order}
              onChange={(next) => go({ order: next })}
            />
          </>
        }
        footer={
          <Pager
            hasBefore={cursor !== undefined}
            next={cases.data?.next}
            onGo={(next) => go({ cursor: next })}
          />
        }
      >
        <QueryView
          query={cases}
          className="view-cases"
          isEmpty={({ items }) => items.length === 0}
          empty={
            find === undefined ? (
              <EmptyState title={emptyTitles[view]} icon="check">
                A payment that is held back or declined becomes a case within seconds.
              </EmptyState>
            ) : (
              <EmptyState title={`No case knows ${find}`}>
                Look for the whole id of a payment, customer, card, device or address.
              </EmptyState>
            )
          }
        >
          {({ items }) => <CaseTable cases={items} now={now} />}
        </QueryView>
      </Panel>
    </div>
  );
}

const viewLabels: Readonly<Record<CaseView, string>> = {
  open: "Open",
  mine: "Mine",
  free: "Unassigned",
  closed: "Closed",
};
const orderLabels = { priority: "Largest loss", due: "Due first", newest: "Newest" } as const;
const emptyTitles: Readonly<Record<CaseView, string>> = {
  open: "No open cases",
  mine: "You have no open cases",
  free: "Every open case is assigned",
  closed: "Nothing was closed yet",
};

function filters(view: CaseView, me: string) {
  if (view === "closed") return { state: "closed" };
  return {
    state: "open",
    ...(view === "mine" && { assignee: me }),
    ...(view === "free" && { assignee: "" }),
  };
}

function defined(
  parameters: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
}

function Summary({ counts }: { readonly counts: QueueCounts | undefined }) {
  if (counts === undefined) return <>&nbsp;</>;
  const sum = (name: "open" | "overdue" | "expectedLoss") =>
    counts.queues.reduce((total, queue) => total + queue[name], 0);
  return (
    <>
      {formatCount(sum("open"))} open, {formatCount(sum("overdue"))} overdue,{" "}
      {formatMoney(sum("expectedLoss"), null, { style: "whole" })} expected loss
    </>
  );
}

function Keys() {
  return (
    <span className="keys">
      <kbd>J</kbd> <kbd>K</kbd> next and previous, <kbd>Enter</kbd> opens
    </span>
  );
}

function QueueCards({
  counts,
  selected,
  onSelect,
}: {
  readonly counts: QueueCounts | undefined;
  readonly selected: string | undefined;
  readonly onSelect: (queue: string | undefined) => void;
}) {
  if (counts === undefined || counts.queues.length < 2) return null;
  return (
    <ul className="queue-cards">
      {counts.queues.map(({ queue, open, overdue, expectedLoss }) => (
        <li key={queue}>
          <button
            type="button"
            className="queue-card"
            aria-pressed={queue === selected}
            onClick={() => onSelect(queue === selected ? undefined : queue)}
          >
            <span className="queue-name">{queue}</span>
            <span className="queue-open">{formatCount(open)}</span>
            <span className="queue-more">
              {formatMoney(expectedLoss, null, { style: "whole" })} expected loss
              {overdue > 0 && <span className="late"> · {formatCount(overdue)} overdue</span>}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Pager({
  hasBefore,
  next,
  onGo,
}: {
  readonly hasBefore: boolean;
  readonly next: string | undefined;
  readonly onGo: (cursor: string | undefined) => void;
}) {
  if (!hasBefore && next === undefined) return <span className="as-of">All of them</span>;
  return (
    <div className="pager">
      <button
        type="button"
        className="button button-small"
        disabled={!hasBefore}
        onClick={() => onGo(undefined)}
      >
        First page
      </button>
      <button
        type="button"
        className="button button-small"
        disabled={next === undefined}
        onClick={() => onGo(next)}
      >
        Next page
      </button>
    </div>
  );
}
