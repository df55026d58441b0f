import { Sparkline } from "../../charts/sparkline.tsx";
import { formatChange } from "../../format/numbers.ts";
import { Icon } from "../../ui/icon.tsx";

/** none: there is no period before; unknown: not known yet; a change is a share, absent where the period before had nothing. */
export type Comparison =
  | "none"
  | "unknown"
  | { readonly change: number | undefined; readonly isGood: boolean };

interface KpiTileProps {
  readonly label: string;
  readonly value: string | undefined;
  /** To the cent, where `value` is rounded. */
  readonly exact: string | undefined;
  readonly comparison: Comparison;
  readonly values: readonly number[];
}

export function KpiTile({ label, value, exact, comparison, values }: KpiTileProps) {
  return (
    <li className="kpi">
      <h2 className="kpi-label">{label}</h2>
      <p className="kpi-value" title={exact}>
        {value ?? <span className="skeleton-text" />}
      </p>
      <Change of={comparison} />
      <Sparkline values={values} />
    </li>
  );
}

function Change({ of }: { readonly of: Comparison }) {
  if (of === "none") return <p className="kpi-change">All time</p>;
  if (of === "unknown") return <p className="kpi-change">&nbsp;</p>;
  const { change, isGood } = of;
  if (change === undefined) return <p className="kpi-change">Nothing before to compare</p>;
  const direction = Math.abs(change) < 0.0005 ? "flat" : change > 0 ? "up" : "down";
  const mood = direction === "flat" ? "even" : (direction === "up") === isGood ? "good" : "bad";
  return (
    <p className={`kpi-change kpi-change-${mood}`}>
      <span className="kpi-pill">
        <Icon name={direction} />
        {formatChange(change)}
      </span>
      <span className="kpi-change-words"> vs before</span>
    </p>
  );
}
