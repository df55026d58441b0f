import type { CaseInfo, CaseState, Entity, Verdict } from "../../api/fraud-answers.ts";
import { formatInstant, formatSpan } from "../../format/times.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";

const states: Readonly<Record<CaseState, { readonly label: string; readonly className: string }>> =
  {
    new: { label: "New", className: "badge-look" },
    working: { label: "In work", className: "badge-accent" },
    waiting: { label: "Waiting", className: "badge-challenge" },
    closed: { label: "Closed", className: "" },
    merged: { label: "Merged", className: "" },
  };

export function StateBadge({
  of: { state, resolution },
}: {
  readonly of: Pick<CaseInfo, "state" | "resolution">;
}) {
  const { label, className } = states[state];
  return (
    <span className={`badge badge-plain ${className}`}>
      {label}
      {resolution !== undefined && `: ${resolution}`}
    </span>
  );
}

const verdictShown: Readonly<
  Record<Verdict, { readonly label: string; readonly icon: IconName; readonly tone: string }>
> = {
  fraud: { label: "Fraud", icon: "cross", tone: "badge-decline" },
  legitimate: { label: "Legitimate", icon: "check", tone: "badge-approve" },
  unsure: { label: "Unsure", icon: "flat", tone: "" },
};

export function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  const { label, icon, tone } = verdictShown[verdict];
  return (
    <span className={`badge ${tone}`}>
      <Icon name={icon} /> {label}
    </span>
  );
}

/** When the case is due, and by how much it is late. */
export function Due({
  of: { dueAt, overdue, closedAt },
  now,
}: {
  readonly of: CaseInfo;
  readonly now: number;
}) {
  const due = Date.parse(dueAt);
  const title = formatInstant(due);
  if (closedAt !== undefined) {
    const late = Date.parse(closedAt) > due;
    return <span title={title}>{late ? "was late" : "in time"}</span>;
  }
  return (
    <time dateTime={dueAt} title={title} className={overdue ? "late" : undefined}>
      {overdue ? `${formatSpan(now - due)} late` : `in ${formatSpan(due - now)}`}
    </time>
  );
}

const kinds: Readonly<Record<Entity["kind"], string>> = {
  customer: "customer",
  card: "card",
  device: "device",
  email: "e-mail",
  phone: "phone",
  ip: "IP",
};

/** What payments have in common, long ids cut. */
export function EntityChip({ kind, value }: Entity) {
  return (
    <span className="chip" title={`${kinds[kind]} ${value}`}>
      <span className="chip-kind">{kinds[kind]}</span> {short(value)}
    </span>
  );
}

export function short(id: string): string {
  return id.length > 18 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}
