import type { Alert, Entity } from "./alert.ts";
import type { CaseOptions } from "./case-options.ts";

/** A case that alerts may still join. */
export interface OpenCase {
  readonly number: number;
  alerts: number;
  /** Whether a person did something with it: such a case is not put into another one. */
  readonly touched: boolean;
  /** When each of its entities was seen, by {@link entityKey}. */
  readonly seen: Map<string, Seen>;
}

export interface Seen {
  first: number;
  last: number;
}

export interface Placement {
  /** The case the alert belongs to; undefined: a new one. */
  readonly into: OpenCase | undefined;
  /** Cases that the alert shows to be the same matter. */
  readonly absorb: readonly OpenCase[];
}

export type CorrelationLimits = Pick<CaseOptions, "maxAlerts" | "linkWithinMs">;

export function entityKey({ kind, value }: Entity): string {
  return `${kind}:${value}`;
}

/**
 * Where an alert belongs: to the open case it has most in common with, one that a person works on before others. Cases that nobody works on and that
 * share something with it too are put into that case, as long as it stays within its most alerts; so no case grows past them.
 */
export function place(
  alert: Pick<Alert, "time" | "entities">,
  open: Iterable<OpenCase>,
  { maxAlerts, linkWithinMs }: CorrelationLimits,
): Placement {
  const near: Array<{ readonly found: OpenCase; readonly shared: number }> = [];
  for (const found of open) {
    if (found.alerts >= maxAlerts) continue;
    const shared = alert.entities.filter((entity) => {
      const seen = found.seen.get(entityKey(entity));
      const within = linkWithinMs[entity.kind];
      return (
        seen !== undefined && alert.time >= seen.first - within && alert.time <= seen.last + within
      );
    }).length;
    if (shared > 0) near.push({ found, shared });
  }
  near.sort(
    (a, b) =>
      Number(b.found.touched) - Number(a.found.touched) ||
      b.shared - a.shared ||
      a.found.number - b.found.number,
  );
  const into = near[0]?.found;
  if (into === undefined) return { into, absorb: [] };
  let size = into.alerts + 1;
  const others = near.slice(1).flatMap(({ found }) => {
    if (found.touched || size + found.alerts > maxAlerts) return [];
    size += found.alerts;
    return [found];
  });
  return { into, absorb: others };
}

/** The case with the alert in it. */
export function add(alert: Pick<Alert, "time" | "entities">, to: OpenCase): void {
  to.alerts += 1;
  for (const entity of alert.entities)
    see(to, entityKey(entity), { first: alert.time, last: alert.time });
}

/** The case with all of another in it. */
export function absorb(other: OpenCase, to: OpenCase): void {
  to.alerts += other.alerts;
  for (const [key, seen] of other.seen) see(to, key, seen);
}

function see({ seen }: OpenCase, key: string, { first, last }: Seen): void {
  const before = seen.get(key);
  if (before === undefined) seen.set(key, { first, last });
  else {
    before.first = Math.min(before.first, first);
    before.last = Math.max(before.last, last);
  }
}
