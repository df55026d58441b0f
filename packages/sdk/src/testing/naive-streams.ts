import type { EventEnvelope } from "../events/envelope.ts";
import type { WindowShape } from "../streams/nodes.ts";

/** An event of a history, and the partition of its topic it is appended to. */
export interface Placed {
  readonly event: EventEnvelope;
  readonly partition: number;
}

export interface NaiveWindow {
  readonly tenant: string;
  readonly key: string;
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly events: readonly EventEnvelope[];
}

interface Judged {
  readonly event: EventEnvelope;
  /** How far the source partition's event time was with it. */
  readonly reached: number;
}

/** Each event with the newest event time of its partition so far; arrival caps it. */
function judge(history: readonly Placed[]): readonly Judged[] {
  const reached = new Map<number, number>();
  return history.map(({ event, partition }) => {
    const time = Math.max(
      reached.get(partition) ?? -Infinity,
      Math.min(event.time, event.receivedAt),
    );
    reached.set(partition, time);
    return { event, reached: time };
  });
}

/** The first of each id in each partition. */
function once(history: readonly Placed[], judged: readonly Judged[]): readonly Judged[] {
  const seen = new Set<string>();
  return judged.filter(({ event }, i) => {
    const name = JSON.stringify([history[i]?.partition, event.tenant, event.id]);
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst;
  });
}

export interface NaiveWindows {
  readonly windows: readonly NaiveWindow[];
  readonly late: readonly EventEnvelope[];
}

/** Every window of a whole history at once, the slow and plain way. */
export function naiveWindows(
  history: readonly Placed[],
  shape: WindowShape,
  {
    latenessMs,
    keyOf,
  }: { readonly latenessMs: number; readonly keyOf: (event: EventEnvelope) => string },
): NaiveWindows {
  const judged = once(history, judge(history));
  const isLate = ({ event, reached }: Judged): boolean => {
    if (shape.kind !== "hopping") return event.time < reached - latenessMs;
    const lastStart = Math.floor(event.time / shape.everyMs) * shape.everyMs;
    return lastStart + shape.sizeMs <= reached - latenessMs;
  };
  const inTime = judged.filter((each) => !isLate(each));
  const groups = groupBy(inTime, nameOf);
  function nameOf({ event }: Judged): string {
    return JSON.stringify([event.tenant, keyOf(event)]);
  }
  const windows = [...groups].flatMap(([name, members]) => {
    const [tenant = "", key = ""]: string[] = JSON.parse(name);
    return windowsOf(members, shape, latenessMs).map((window) => ({ tenant, key, ...window }));
  });
  return { windows, late: judged.filter(isLate).map(({ event }) => event) };
}

type Bounds = Omit<NaiveWindow, "tenant" | "key">;

function windowsOf(
  members: readonly Judged[],
  shape: WindowShape,
  latenessMs: number,
): readonly Bounds[] {
  const events = members.map(({ event }) => event).toSorted((a, b) => a.time - b.time);
  switch (shape.kind) {
    case "hopping": {
      const { sizeMs, everyMs } = shape;
      const starts = new Set<number>();
      for (const { time } of events) {
        for (
          let start = Math.floor(time / everyMs) * everyMs;
          start + sizeMs > time;
          start -= everyMs
        ) {
          starts.add(start);
        }
      }
      return [...starts]
        .map((start) => ({
          windowStart: start,
          windowEnd: start + sizeMs,
          events: members
            .filter(({ event: { time }, reached }) => {
              const wasOpen = start + sizeMs > reached - latenessMs;
              return wasOpen && time >= start && time < start + sizeMs;
            })
            .map(({ event }) => event),
        }))
        .filter((window) => window.events.length > 0);
    }
    case "session": {
      const sessions: EventEnvelope[][] = [];
      for (const event of events) {
        const open = sessions.at(-1);
        const last = open?.at(-1);
        if (open === undefined || last === undefined || event.time - last.time >= shape.gapMs) {
          sessions.push([event]);
        } else open.push(event);
      }
      return sessions.map((session) => ({
        windowStart: session[0]?.time ?? 0,
        windowEnd: (session.at(-1)?.time ?? 0) + shape.gapMs,
        events: session,
      }));
    }
    case "sliding":
      return [...new Set(events.map(({ time }) => time))].map((at) => ({
        windowStart: at - shape.sizeMs + 1,
        windowEnd: at + 1,
        events: events.filter(({ time }) => time > at - shape.sizeMs && time <= at),
      }));
    default:
      return shape satisfies never;
  }
}

export interface NaivePair {
  readonly left: EventEnvelope | undefined;
  readonly right: EventEnvelope | undefined;
}

/** Every pair of two whole histories at once. */
export function naiveJoin(
  sides: { readonly left: readonly Placed[]; readonly right: readonly Placed[] },
  options: {
    readonly withinMs: number;
    readonly latenessMs: number;
    readonly type: "inner" | "left" | "outer";
    readonly keyOf: (event: EventEnvelope) => string;
  },
): { readonly pairs: readonly NaivePair[]; readonly late: readonly EventEnvelope[] } {
  const { withinMs, latenessMs, type, keyOf } = options;
  const isLate = ({ event, reached }: Judged): boolean => event.time < reached - latenessMs;
  const [left, right] = [judge(sides.left), judge(sides.right)];
  const late = [...left, ...right].filter(isLate).map(({ event }) => event);
  const lefts = left.filter((each) => !isLate(each)).map(({ event }) => event);
  const rights = right.filter((each) => !isLate(each)).map(({ event }) => event);
  const meet = (a: EventEnvelope, b: EventEnvelope): boolean =>
    a.tenant === b.tenant && keyOf(a) === keyOf(b) && Math.abs(a.time - b.time) <= withinMs;
  const pairs: NaivePair[] = lefts.flatMap((a) =>
    rights.filter((b) => meet(a, b)).map((b) => ({ left: a, right: b })),
  );
  if (type !== "inner") {
    for (const a of lefts)
      if (!rights.some((b) => meet(a, b))) pairs.push({ left: a, right: undefined });
  }
  if (type === "outer") {
    for (const b of rights)
      if (!lefts.some((a) => meet(a, b))) pairs.push({ left: undefined, right: b });
  }
  return { pairs, late };
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = nameOf(item);
    const group = groups.get(name) ?? [];
    group.push(item);
    groups.set(name, group);
  }
  return groups;
}
