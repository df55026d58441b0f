import { Icon, type IconName } from "../../ui/icon.tsx";
import type { Outcome } from "./live-entry.ts";

const shown: Readonly<Record<Outcome, { readonly label: string; readonly icon: IconName }>> = {
  approve: { label: "Approved", icon: "check" },
  challenge: { label: "Challenged", icon: "key" },
  review: { label: "Review", icon: "eye" },
  decline: { label: "Declined", icon: "cross" },
};

/** Colour, sign and word all say the same. */
export function OutcomeBadge({ outcome }: { readonly outcome: Outcome | undefined }) {
  if (outcome === undefined) return <span className="badge">Unknown</span>;
  const { label, icon } = shown[outcome];
  return (
    <span className={`badge badge-${outcome}`}>
      <Icon name={icon} /> {label}
    </span>
  );
}
