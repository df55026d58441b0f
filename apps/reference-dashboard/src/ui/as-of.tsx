import type { Provenance } from "../api/answers.ts";
import { formatInstant } from "../format/times.ts";

/** Up to when the numbers beside it count everything, and from which table versions they were read. */
export function AsOf({ of }: { readonly of: Provenance | undefined }) {
  if (of === undefined) return <span className="as-of">&nbsp;</span>;
  const tables = Object.entries(of.tables).map(([name, version]) => `${name} version ${version}`);
  return (
    <span className="as-of" title={tables.join("\n")}>
      As of <time dateTime={of.asOf}>{formatInstant(Date.parse(of.asOf))}</time>
    </span>
  );
}
