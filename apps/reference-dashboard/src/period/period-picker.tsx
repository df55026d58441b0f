import { type FormEvent, useState } from "react";
import { Choice } from "../ui/choice.tsx";
import { dayMs, dayOf, type Period, type Preset } from "./period.ts";

interface PeriodPickerProps {
  readonly period: Period;
  /** Parameters of the address. */
  readonly onChange: (parameters: Readonly<Record<string, string>>) => void;
}

const options: ReadonlyArray<{ readonly value: Preset; readonly label: string }> = [
  { value: "7d", label: "7 days" },
  { value: "30d", label: "30 days" },
  { value: "90d", label: "90 days" },
  { value: "all", label: "All time" },
  { value: "custom", label: "Custom" },
];

export function PeriodPicker({ period, onChange }: PeriodPickerProps) {
  const first = dayOf(period.preset === "all" ? period.to - 30 * dayMs : period.from);
  const last = dayOf(period.to - 1);
  const choose = (preset: Preset): void =>
    onChange(preset === "custom" ? { period: preset, from: first, to: last } : { period: preset });
  return (
    <div className="period-picker">
      <Choice label="Period" options={options} value={period.preset} onChange={choose} />
      {period.preset === "custom" && (
        <CustomDays key={`${first}/${last}`} first={first} last={last} onChange={onChange} />
      )}
    </div>
  );
}

function CustomDays({
  first,
  last,
  onChange,
}: {
  readonly first: string;
  readonly last: string;
  readonly onChange: PeriodPickerProps["onChange"];
}) {
  const [from, setFrom] = useState(first);
  const [to, setTo] = useState(last);
  const isValid = from !== "" && to !== "" && from <= to;
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (isValid) onChange({ period: "custom", from, to });
  }
  return (
    <form className="custom-days" onSubmit={submit}>
      <label>
        <span>From</span>
        <input
          type="date"
          value={from}
          max={to}
          onChange={(event) => setFrom(event.target.value)}
          required
        />
      </label>
      <label>
        <span>to</span>
        <input
          type="date"
          value={to}
          min={from}
          onChange={(event) => setTo(event.target.value)}
          required
        />
      </label>
      <button type="submit" className="button" disabled={!isValid}>
        Apply
      </button>
    </form>
  );
}
