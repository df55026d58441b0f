import type { EventEnvelope } from "../events/envelope.ts";
import type { TumblingWindow, WindowAggregate } from "./topology.ts";

/** One open window of one tenant and key: plain JSON. */
export interface OpenWindow {
  readonly tenant: string;
  readonly key: string;
  /** Epoch milliseconds; the end is `start + sizeMs`. */
  readonly start: number;
  readonly totals: Readonly<Record<string, number>>;
}

/** How far the event times of a partition are. */
export interface WindowProgress {
  /** Newest event time, never later than its arrival: a date in the future must not close the windows of the present. */
  readonly newest: number | null;
  /** Events that came after their window had closed. */
  readonly late: number;
}

export type Placed =
  | { readonly kind: "late" }
  | { readonly kind: "taken"; readonly closed: readonly OpenWindow[] };

/** The open windows of a partition with the changes of one batch on top; the changes count once they are kept. */
export interface WindowBatch {
  readonly progress: WindowProgress;
  readonly changes: ReadonlyMap<string, OpenWindow | undefined>;
  place(event: EventEnvelope, key: string): Placed;
}

export function watermarkOf(
  { newest }: WindowProgress,
  { allowedLatenessMs = 0 }: Pick<TumblingWindow, "allowedLatenessMs">,
): number | undefined {
  return newest === null ? undefined : newest - allowedLatenessMs;
}

/** The watermark moves with each event, not with each batch: so results do not depend on where batches end. */
export function windowBatch(
  open: ReadonlyMap<string, OpenWindow>,
  before: WindowProgress,
  spec: TumblingWindow,
): WindowBatch {
  const changes = new Map<string, OpenWindow | undefined>();
  let { newest, late } = before;
  let firstEnd = Math.min(...ends(open.values(), spec));

  const current = (name: string): OpenWindow | undefined =>
    changes.has(name) ? changes.get(name) : open.get(name);

  function close(): readonly OpenWindow[] {
    const watermark = watermarkOf({ newest, late }, spec) ?? -Infinity;
    if (watermark < firstEnd) return [];
    const all = new Map<string, OpenWindow | undefined>([...open, ...changes]);
    const closed: OpenWindow[] = [];
    const left: OpenWindow[] = [];
    for (const [name, window] of all) {
      if (window === undefined) continue;
      if (window.start + spec.sizeMs > watermark) {
        left.push(window);
        continue;
      }
      closed.push(window);
      changes.set(name, undefined);
    }
    firstEnd = Math.min(...ends(left, spec));
    return closed.toSorted(byEndTenantKey);
  }

  return {
    changes,
    get progress() {
      return { newest, late };
    },
    place(event, key) {
      const { tenant, time, receivedAt } = event;
      const start = Math.floor(time / spec.sizeMs) * spec.sizeMs;
      const watermark = watermarkOf({ newest, late }, spec);
      if (watermark !== undefined && start + spec.sizeMs <= watermark) {
        late += 1;
        return { kind: "late" };
      }
      const name = windowName({ start, tenant, key });
      const totals = take(current(name)?.totals ?? {}, event, spec.aggregate);
      changes.set(name, { tenant, key, start, totals });
      firstEnd = Math.min(firstEnd, start + spec.sizeMs);
      newest = Math.max(newest ?? -Infinity, Math.min(time, receivedAt));
      return { kind: "taken", closed: close() };
    },
  };
}

/** Names an open window within its topology and partition; part of its state's key. */
export function windowName({ start, tenant, key }: Omit<OpenWindow, "totals">): string {
  return `${tenant}/${start}/${key}`;
}

function take(
  totals: Readonly<Record<string, number>>,
  event: EventEnvelope,
  aggregates: Readonly<Record<string, WindowAggregate>>,
): Record<string, number> {
  const next = { ...totals };
  for (const [name, aggregate] of Object.entries(aggregates)) {
    const value = aggregate.kind === "count" ? 1 : aggregate.field(event);
    if (value === undefined || !Number.isFinite(value)) continue;
    const held = next[name];
    next[name] = held === undefined ? value : mergers[aggregate.kind](held, value);
  }
  return next;
}

const mergers = {
  count: (a: number, b: number) => a + b,
  sum: (a: number, b: number) => a + b,
  min: (a: number, b: number) => Math.min(a, b),
  max: (a: number, b: number) => Math.max(a, b),
};

function* ends(windows: Iterable<OpenWindow>, { sizeMs }: TumblingWindow): Iterable<number> {
  for (const { start } of windows) yield start + sizeMs;
}

function byEndTenantKey(a: OpenWindow, b: OpenWindow): number {
  if (a.start !== b.start) return a.start - b.start;
  const [nameOfA, nameOfB] = [`${a.tenant}/${a.key}`, `${b.tenant}/${b.key}`];
  return nameOfA < nameOfB ? -1 : Number(nameOfA > nameOfB);
}
