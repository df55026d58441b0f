import { useRef, useState } from "react";
import {
  type CasePayment,
  type Verdict,
  verdicts,
  type WholeCase,
} from "../../api/fraud-answers.ts";
import { formatMoney, formatPercent } from "../../format/numbers.ts";
import { formatInstant } from "../../format/times.ts";
import { countryName, resolveCountry } from "../../geo/country.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import { focusNext, useKeys } from "../../ui/use-keys.ts";
import { VerdictBadge } from "../cases/case-badges.tsx";
import { OutcomeBadge } from "../live/outcome-badge.tsx";
import type { ActOnCase } from "./case-page.tsx";
import { Evidence } from "./evidence.tsx";

interface PaymentsPanelProps {
  readonly of: WholeCase;
  readonly act: ActOnCase;
  readonly isBusy: boolean;
}

const labels: Readonly<
  Record<Verdict, { readonly label: string; readonly icon: IconName; readonly key: string }>
> = {
  fraud: { label: "Fraud", icon: "cross", key: "F" },
  legitimate: { label: "Legitimate", icon: "check", key: "L" },
  unsure: { label: "Unsure", icon: "flat", key: "U" },
};

/** The payments of the case, what may cost most first, each with its evidence and its label. */
export function PaymentsPanel({ of, act, isBusy }: PaymentsPanelProps) {
  const list = useRef<HTMLUListElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(of.payments.slice(0, 1).map(({ paymentId }) => paymentId)),
  );
  const canLabel = of.state !== "merged";
  const items = () => [...(list.current?.querySelectorAll<HTMLElement>(".payment") ?? [])];
  const focused = () =>
    items().find((item) => item.contains(document.activeElement))?.dataset["payment"];
  const label = (verdict: Verdict, payment: string | undefined) => {
    if (canLabel && payment !== undefined) void act("labels", { verdict, payments: [payment] });
  };
  const toggle = (payment: string | undefined) => {
    if (payment === undefined) return;
    const next = new Set(open);
    if (!next.delete(payment)) next.add(payment);
    setOpen(next);
  };
  useKeys({
    j: () => focusNext(items(), 1),
    k: () => focusNext(items(), -1),
    e: () => toggle(focused()),
    f: () => label("fraud", focused()),
    l: () => label("legitimate", focused()),
    u: () => label("unsure", focused()),
  });
  return (
    <Panel
      title="Payments"
      hint={
        <span className="keys">
          <kbd>J</kbd> <kbd>K</kbd> to a payment, <kbd>F</kbd> <kbd>L</kbd> <kbd>U</kbd> label it,{" "}
          <kbd>E</kbd> its evidence
        </span>
      }
      actions={
        canLabel && (
          <div className="label-all" role="group" aria-label="Label all payments of the case">
            <span className="muted">All are</span>
            {verdicts.slice(0, 2).map((verdict) => (
              <button
                key={verdict}
                type="button"
                className="button button-small"
                disabled={isBusy}
                onClick={() => void act("labels", { verdict })}
              >
                <Icon name={labels[verdict].icon} /> {labels[verdict].label}
              </button>
            ))}
          </div>
        )
      }
    >
      <ul className="payments" ref={list}>
        {of.payments.map((payment) => (
          <PaymentItem
            key={payment.paymentId}
            of={payment}
            isOpen={open.has(payment.paymentId)}
            canLabel={canLabel}
            isBusy={isBusy}
            onToggle={() => toggle(payment.paymentId)}
            onLabel={(verdict) => label(verdict, payment.paymentId)}
          />
        ))}
      </ul>
    </Panel>
  );
}

function PaymentItem({
  of,
  isOpen,
  canLabel,
  isBusy,
  onToggle,
  onLabel,
}: {
  readonly of: CasePayment;
  readonly isOpen: boolean;
  readonly canLabel: boolean;
  readonly isBusy: boolean;
  readonly onToggle: () => void;
  readonly onLabel: (verdict: Verdict) => void;
}) {
  const own = of.words.find(({ source }) => source === "analyst")?.verdict;
  const code = of.country === undefined ? undefined : resolveCountry(of.country);
  const place = code === undefined ? of.country : countryName(code);
  return (
    <li className="payment" data-payment={of.paymentId} tabIndex={-1}>
      <div className="payment-main">
        <button type="button" className="payment-toggle" aria-expanded={isOpen} onClick={onToggle}>
          <Icon name={isOpen ? "open" : "right"} />
          <span className="payment-id">{of.paymentId}</span>
        </button>
        <OutcomeBadge outcome={of.outcome} />
        <span className="payment-amount">{formatMoney(of.amount, of.currency ?? null)}</span>
      </div>
      <div className="payment-sub">
        <span>
          <time dateTime={of.time}>{formatInstant(Date.parse(of.time))}</time>
          {place !== undefined && ` · ${place}`}
          {of.customerId !== undefined && ` · ${of.customerId}`}
          {` · probability ${formatPercent(of.probability)}`}
        </span>
        <span className="payment-labels">
          {of.verdict !== undefined && <VerdictBadge verdict={of.verdict} />}
          {canLabel && (
            <span className="label-buttons" role="group" aria-label={`Label ${of.paymentId}`}>
              {verdicts.map((verdict) => (
                <button
                  key={verdict}
                  type="button"
                  className="button button-small"
                  disabled={isBusy}
                  aria-pressed={own === verdict}
                  aria-keyshortcuts={labels[verdict].key}
                  onClick={() => onLabel(verdict)}
                >
                  {labels[verdict].label}
                </button>
              ))}
            </span>
          )}
        </span>
      </div>
      {isOpen && <Evidence of={of} />}
    </li>
  );
}
