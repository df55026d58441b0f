import { useState } from "react";
import { type Resolution, resolutions, type WholeCase } from "../../api/fraud-answers.ts";
import { formatCount, formatMoney } from "../../format/numbers.ts";
import { formatRoute } from "../../routing/route.ts";
import { usePrincipal } from "../../session/principal-context.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { useKeys } from "../../ui/use-keys.ts";
import { Due, StateBadge } from "../cases/case-badges.tsx";
import type { ActOnCase } from "./case-page.tsx";

interface CaseHeadProps {
  readonly of: WholeCase;
  readonly act: ActOnCase;
  readonly isBusy: boolean;
  readonly onReload: () => void;
}

/** What the case is, whose it is, and the steps its state allows. */
export function CaseHead({ of, act, isBusy, onReload }: CaseHeadProps) {
  const { id: me } = usePrincipal();
  const [isMerging, setMerging] = useState(false);
  const may = (step: string) => of.steps.includes(step);
  const take = () => void act("assign", { to: me });
  useKeys({ t: may("assign") && of.assignee !== me ? take : undefined, r: onReload });
  return (
    <header className="case-head">
      <div className="page-head">
        <div>
          <p className="case-back">
            <a href={formatRoute({ page: "cases", parameters: {} })}>Cases</a>
          </p>
          <h1>
            Case #{of.case} <StateBadge of={of} />
          </h1>
          <MergedInto of={of} />
        </div>
        <div className="case-steps">
          {may("assign") && of.assignee !== me && (
            <Step icon="user" label="Take" hint="T" isBusy={isBusy} onClick={take} isPrimary />
          )}
          {may("assign") && of.assignee === me && (
            <Step
              icon="user"
              label="Give back"
              isBusy={isBusy}
              onClick={() => void act("assign", { to: null })}
            />
          )}
          {may("wait") && (
            <Step icon="clock" label="Wait" isBusy={isBusy} onClick={() => void act("wait")} />
          )}
          {may("resume") && (
            <Step icon="play" label="Go on" isBusy={isBusy} onClick={() => void act("resume")} />
          )}
          {may("escalate") && (
            <Step
              icon="flag"
              label="Escalate"
              isBusy={isBusy}
              onClick={() => void act("escalate")}
            />
          )}
          {may("merge") && (
            <Step
              icon="merge"
              label="Merge…"
              isBusy={isBusy}
              isPressed={isMerging}
              onClick={() => setMerging(!isMerging)}
            />
          )}
          {may("close") && <CloseCase isBusy={isBusy} act={act} />}
          {may("reopen") && (
            <Step
              icon="refresh"
              label="Reopen"
              isBusy={isBusy}
              onClick={() => void act("reopen")}
            />
          )}
        </div>
      </div>
      {isMerging && may("merge") && <MergeForm isBusy={isBusy} act={act} />}
      <Facts of={of} />
    </header>
  );
}

function Step({
  icon,
  label,
  hint,
  isBusy,
  isPrimary = false,
  isPressed,
  onClick,
}: {
  readonly icon: IconName;
  readonly label: string;
  readonly hint?: string;
  readonly isBusy: boolean;
  readonly isPrimary?: boolean;
  readonly isPressed?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      className={isPrimary ? "button button-primary button-flat" : "button"}
      disabled={isBusy}
      aria-pressed={isPressed}
      aria-keyshortcuts={hint}
      onClick={onClick}
    >
      <Icon name={icon} /> {label}
      {hint !== undefined && <kbd aria-hidden="true">{hint}</kbd>}
    </button>
  );
}

/** The first unlabelled payments are the analyst's to decide; the case says what came out. */
function CloseCase({ isBusy, act }: { readonly isBusy: boolean; readonly act: ActOnCase }) {
  return (
    <label className="close-case">
      <span className="visually-hidden">Close the case as</span>
      <select
        className="select"
        value=""
        disabled={isBusy}
        onChange={(event) =>
          void act("close", { resolution: event.target.value satisfies string as Resolution })
        }
      >
        <option value="" disabled>
          Close as…
        </option>
        {resolutions.map((resolution) => (
          <option key={resolution} value={resolution}>
            {resolution}
          </option>
        ))}
      </select>
    </label>
  );
}

function MergeForm({ isBusy, act }: { readonly isBusy: boolean; readonly act: ActOnCase }) {
  const [into, setInto] = useState("");
  const isNumber = /^[1-9]\d{0,8}$/.test(into);
  return (
    <form
      className="merge-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (isNumber) void act("merge", { into: Number(into) });
      }}
    >
      <label htmlFor="merge-into">Put all of this case into case</label>
      <input
        id="merge-into"
        inputMode="numeric"
        size={8}
        value={into}
        onChange={(event) => setInto(event.target.value.replace(/^#/, "").trim())}
      />
      <button type="submit" className="button" disabled={!isNumber || isBusy}>
        Merge
      </button>
    </form>
  );
}

function MergedInto({ of: { mergedInto } }: { readonly of: WholeCase }) {
  if (mergedInto === undefined) return null;
  return (
    <p className="page-lead">
      It was put into{" "}
      <a href={formatRoute({ page: "case", parameters: { id: String(mergedInto) } })}>
        case #{mergedInto}
      </a>
      .
    </p>
  );
}

function Facts({ of }: { readonly of: WholeCase }) {
  const currency = of.currency ?? null;
  return (
    <dl className="case-facts">
      <Fact name="Expected loss">
        <strong>{formatMoney(of.expectedLoss, currency)}</strong>
      </Fact>
      <Fact name="Amount">{formatMoney(of.amount, currency)}</Fact>
      <Fact name="Payments">{formatCount(of.alerts)}</Fact>
      <Fact name="Due">
        <Due of={of} now={Date.now()} />
      </Fact>
      <Fact name="Queue">{of.queue}</Fact>
      <Fact name="Assigned to">{of.assignee ?? <span className="muted">nobody</span>}</Fact>
      {of.escalatedBy !== undefined && <Fact name="Escalated by">{of.escalatedBy}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
