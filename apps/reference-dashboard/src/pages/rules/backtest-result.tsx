import type { BacktestReport, Confusion } from "../../api/rule-answers.ts";
import {
  formatChange,
  formatCount,
  formatDecimal,
  formatMoney,
  formatPercent,
} from "../../format/numbers.ts";
import { Bar } from "../../ui/bar.tsx";

/** The report of a backtest: what was stopped and passed, by rule, and where it differs from what decides now. */
export function BacktestResult({ of }: { readonly of: BacktestReport }) {
  return (
    <div className="backtest">
      <p className="muted">
        {formatCount(of.rows)} payments, {formatCount(of.frauds)} frauds among{" "}
        {formatCount(of.labelled)} that something was heard of; {money(of.amount)}; in{" "}
        {formatDecimal(of.seconds)} s
        {of.behind !== undefined && `; the newest events of ${of.behind.join(", ")} are missing`}
      </p>
      <div className="backtest-matrices">
        <Matrix title={`This text (${of.candidate})`} of={of.figures} />
        <Matrix title={`Decides now (${of.active})`} of={of.activeFigures} />
      </div>
      <Figures candidate={of.figures} active={of.activeFigures} />
      <Changes of={of} />
      <Rules of={of} />
      <Overlaps of={of} />
    </div>
  );
}

function Matrix({ title, of }: { readonly title: string; readonly of: Confusion }) {
  return (
    <table className="matrix">
      <caption>{title}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">Stopped</th>
          <th scope="col">Passed</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">Fraud</th>
          <td className="matrix-good">{formatCount(of.stoppedFrauds)}</td>
          <td className="matrix-bad">{formatCount(of.passedFrauds)}</td>
        </tr>
        <tr>
          <th scope="row">Honest</th>
          <td className="matrix-bad">{formatCount(of.stoppedHonest)}</td>
          <td className="matrix-good">{formatCount(of.passedHonest)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Figures({
  candidate,
  active,
}: {
  readonly candidate: Confusion;
  readonly active: Confusion;
}) {
  const lines = [
    ["Precision", candidate.precision, active.precision, percent],
    ["Recall", candidate.recall, active.recall, percent],
    ["Frauds stopped, amount", candidate.saved, active.saved, money],
    ["Frauds passed, amount", candidate.lost, active.lost, money],
    ["Honest stopped, amount", candidate.honestAmountStopped, active.honestAmountStopped, money],
  ] as const;
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" className="number">
              This text
            </th>
            <th scope="col" className="number">
              Decides now
            </th>
            <th scope="col" className="number">
              Difference
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(([name, own, other, format]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number strong">{format(own)}</td>
              <td className="number">{format(other)}</td>
              <td className="number">{difference(own, other, format)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function difference(
  own: number | undefined,
  other: number | undefined,
  format: (value: number | undefined) => string,
): string {
  if (own === undefined || other === undefined) return "–";
  if (own === other) return "same";
  return format === percent
    ? `${formatChange(own - other)} points`
    : `${own > other ? "+" : "−"}${format(Math.abs(own - other))}`;
}

function Changes({ of: { changes, active } }: { readonly of: BacktestReport }) {
  if (changes.length === 0) return <p>It decides as {active} did, of every payment.</p>;
  return (
    <section aria-label="Where it differs">
      <h3>Where it differs from what decides now</h3>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Now</th>
              <th scope="col">This text</th>
              <th scope="col" className="number">
                Payments
              </th>
              <th scope="col" className="number">
                Frauds
              </th>
              <th scope="col" className="number">
                Amount
              </th>
              <th scope="col">For example</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr key={`${change.active}/${change.candidate}`}>
                <td>{change.active}</td>
                <td className="strong">{change.candidate}</td>
                <td className="number">{formatCount(change.payments)}</td>
                <td className="number">{formatCount(change.frauds)}</td>
                <td className="number">{money(change.amount)}</td>
                <td className="network-id">{change.examples.slice(0, 3).join(", ")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Rules({ of: { rules } }: { readonly of: BacktestReport }) {
  const most = Math.max(1, ...rules.map(({ frauds, honest }) => frauds + honest));
  return (
    <section aria-label="By rule">
      <h3>By rule</h3>
      <div className="table-scroll">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Rule</th>
              <th scope="col" className="number">
                Held
              </th>
              <th scope="col" className="number">
                Frauds
              </th>
              <th scope="col" className="number">
                Precision
              </th>
              <th scope="col" className="number">
                Recall
              </th>
              <th scope="col" className="number">
                Alone
              </th>
              <th scope="col" className="number">
                Fraud amount
              </th>
            </tr>
          </thead>
          <tbody>
            {rules.map((rule) => (
              <tr key={rule.rule}>
                <th scope="row">
                  <code>{rule.rule}</code>
                </th>
                <td className="number">
                  {formatCount(rule.frauds + rule.honest)}
                  <Bar share={(rule.frauds + rule.honest) / most} />
                </td>
                <td className="number">{formatCount(rule.frauds)}</td>
                <td className="number">{percent(rule.precision)}</td>
                <td className="number">{percent(rule.recall)}</td>
                <td className="number">{formatCount(rule.alone)}</td>
                <td className="number">{money(rule.fraudAmount)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Overlaps({ of: { overlaps } }: { readonly of: BacktestReport }) {
  if (overlaps.length === 0) return null;
  return (
    <section aria-label="Rules that hold together">
      <h3>Rules that hold together</h3>
      <ul className="overlaps">
        {overlaps.slice(0, 12).map(({ rules: [one, other], payments, share }) => (
          <li key={`${one}/${other}`}>
            <span>
              <code>{one}</code> and <code>{other}</code>
            </span>
            <span className="muted">
              {formatCount(payments)} payments, {formatPercent(share)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const money = (amount: number | undefined): string =>
  amount === undefined ? "–" : formatMoney(amount, null, { style: "whole" });
const percent = (share: number | undefined): string =>
  share === undefined ? "–" : formatPercent(share);
