import { setTimeout as sleep } from "node:timers/promises";
import { deadLetterTopic, type EventEnvelope, type EventLog, type LogRecord } from "@ecap/sdk";
import { naiveWindows, type Placed } from "@ecap/sdk/testing";
import type { Feeder } from "./feeder.ts";
import { closing, segmentOf } from "./shop.ts";
import { decode, latenessMs, sessionGapMs, windowMs } from "./topologies.ts";

/** What the log and the results say when all is over. Each list names what is wrong, so all of them are to be empty. */
export interface Verdict {
  /** Numbers of records in the log, windows and sessions expected, late events, dead letters. */
  readonly counts: {
    readonly records: number;
    readonly windows: number;
    readonly sessions: number;
    readonly live: number;
    readonly late: number;
    readonly dead: number;
  };
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Of windows that silence closes: a store that loses its last writes loses that too, and such a window may come again, under its id. */
  readonly doubledLive: readonly string[];
  readonly wrong: readonly string[];
}

export interface JudgeOptions {
  readonly eventLog: EventLog;
  readonly feeder: Feeder;
  readonly visits: Feeder;
  readonly withinMs: number;
}

const settleMs = 1_000;

/** Waits until nothing is missing, then a moment more, and says what is there too little, too often, or otherwise than it should be. */
export async function judge(options: JudgeOptions): Promise<Verdict> {
  const { eventLog, feeder, visits, withinMs } = options;
  const orders = await topicReader(eventLog, "orders").all();
  const visited = await topicReader(eventLog, "visits").all();
  const logs = [judgeLog(orders, feeder), judgeLog(visited, visits)];
  const expected = { ...expectedOf(orders), live: liveOf(visited) };
  const readers = new Map(resultTopics.map((topic) => [topic, topicReader(eventLog, topic)]));
  const until = performance.now() + withinMs;
  let isLast = false;
  for (;;) {
    const results = new Map<string, readonly LogRecord[]>();
    for (const [topic, reader] of readers) results.set(topic, await reader.all());
    const found = compare(expected, results);
    const isComplete = found.lost.length === 0;
    if (isLast || performance.now() > until) {
      return {
        counts: { ...expected.counts, live: found.live },
        lost: [...logs.flatMap(({ lost }) => lost), ...found.lost],
        doubled: [...logs.flatMap(({ doubled }) => doubled), ...found.doubled],
        doubledLive: found.doubledLive,
        wrong: found.wrong,
      };
    }
    // Doubles may come a moment later.
    isLast = isComplete;
    await sleep(isComplete ? settleMs : 200);
  }
}

const resultTopics = [
  "windows",
  "windows-late",
  "sessions",
  "sessions-late",
  "live",
  "live-late",
  "counted",
  deadLetterTopic("orders"),
];

interface TopicReader {
  /** All records so far; those of before are not read again. */
  all(): Promise<readonly LogRecord[]>;
}

function topicReader(eventLog: EventLog, topic: string): TopicReader {
  const found: LogRecord[] = [];
  const positions = new Map<number, number>();
  return {
    async all() {
      for (const { partition, earliest, next } of await eventLog.offsets(topic)) {
        let from = positions.get(partition) ?? earliest;
        while (from < next) {
          const records = await eventLog.read(topic, partition, from, { waitMs: 200 });
          const last = records.at(-1);
          if (last === undefined) break;
          found.push(...records);
          from = last.offset + 1;
        }
        positions.set(partition, from);
      }
      return found;
    },
  };
}

/** Whether the log holds each acknowledged record where it said, and as often as it was acknowledged. */
function judgeLog(
  orders: readonly LogRecord[],
  { acknowledged, repeated }: Feeder,
): { lost: string[]; doubled: string[] } {
  const places = new Set(orders.map(({ partition, offset }) => `${partition}/${offset}`));
  const lost = [...acknowledged]
    .filter(([, { partition, offset }]) => !places.has(`${partition}/${offset}`))
    .map(([number]) => `record ${number} was acknowledged and is not in the log`);
  const own = new Set([...acknowledged.values()].map((each) => `${each.partition}/${each.offset}`));
  const extra = orders.filter(
    (record) =>
      !own.has(`${record.partition}/${record.offset}`) &&
      decode(record)?.actor.customerId !== closing,
  );
  // An append that failed may have succeeded; then the record is there once more.
  const doubled =
    extra.length > repeated.size
      ? [`${extra.length} records are in the log once too often, ${repeated.size} were repeated`]
      : [];
  return { lost, doubled };
}

interface Expected {
  readonly counts: Omit<Verdict["counts"], "live">;
  /** By topic: what must be there exactly once. */
  readonly once: ReadonlyMap<string, readonly string[]>;
  /** Events by key: each is in one live window or late. */
  readonly live: ReadonlyMap<string, number>;
}

function liveOf(visited: readonly LogRecord[]): ReadonlyMap<string, number> {
  const live = new Map<string, number>();
  for (const { event } of uniqueIn(placedIn(visited))) {
    const key = segmentOr(event.actor.customerId);
    if (key !== closing) live.set(key, (live.get(key) ?? 0) + 1);
  }
  return live;
}

function placedIn(records: readonly LogRecord[]): readonly Placed[] {
  return records.flatMap((record) => {
    const event = decode(record);
    return event === undefined ? [] : [{ event, partition: record.partition }];
  });
}

function expectedOf(orders: readonly LogRecord[]): Omit<Expected, "live"> {
  const decoded = orders.map((record) => ({ record, event: decode(record) }));
  const history = placedIn(orders);
  const unreadable = decoded.length - history.length;
  const unmappable = uniqueIn(history.filter(({ event }) => event.data["poison"] === "map"));
  const unprocessable = history.filter(({ event }) => event.data["poison"] === "process").length;
  const windows = naiveWindows(
    history,
    { kind: "hopping", sizeMs: windowMs, everyMs: windowMs },
    {
      latenessMs,
      keyOf: (event) =>
        event.data["poison"] === "map" ? poisoned : segmentOr(event.actor.customerId),
    },
  );
  const sessions = naiveWindows(
    history,
    { kind: "session", gapMs: sessionGapMs },
    { latenessMs, keyOf: (event) => event.actor.customerId ?? "" },
  );
  const named = (all: typeof windows): readonly string[] =>
    all.windows
      .filter(isCounted)
      .map(({ key, windowStart, events }) =>
        windowName(key, windowStart, events.length, sumCents(events)),
      );
  const late = (all: typeof windows): readonly string[] => all.late.map(({ id }) => id);
  const numbers = new Map<number, number>();
  const counted = decoded.flatMap(({ record: { partition }, event }) => {
    if (event === undefined || event.data["poison"] === "process") return [];
    const n = (numbers.get(partition) ?? 0) + 1;
    numbers.set(partition, n);
    return [`${partition}: ${n} ${event.id}`];
  });
  const dead = [
    ...Array.from({ length: unreadable }, () => ["windows", "sessions", "counts"]).flat(),
    ...unmappable.map(() => "windows"),
    ...Array.from({ length: unprocessable }, () => "counts"),
  ];
  return {
    counts: {
      records: orders.length,
      windows: named(windows).length,
      sessions: named(sessions).length,
      late: windows.late.length,
      dead: dead.length,
    },
    once: new Map([
      ["windows", named(windows)],
      ["windows-late", late(windows)],
      ["sessions", named(sessions)],
      ["sessions-late", late(sessions)],
      ["counted", counted],
      [deadLetterTopic("orders"), dead],
    ]),
  };
}

const poisoned = "poisoned";

function isCounted({ key }: { readonly key: string }): boolean {
  return key !== closing && key !== poisoned;
}

function segmentOr(customer = ""): string {
  return customer === closing ? closing : segmentOf(customer);
}

/** The first of each id in each partition. */
function uniqueIn(history: readonly Placed[]): readonly Placed[] {
  const seen = new Set<string>();
  return history.filter(({ event, partition }) => {
    const name = `${partition} ${event.id}`;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew;
  });
}

function compare(
  expected: Expected,
  results: ReadonlyMap<string, readonly LogRecord[]>,
): Omit<Verdict, "counts"> & { readonly live: number } {
  const lost: string[] = [];
  const doubled: string[] = [];
  const doubledLive: string[] = [];
  const wrong: string[] = [];
  for (const [topic, names] of expected.once) {
    const left = tally(names);
    const records = results.get(topic) ?? [];
    for (const name of records.flatMap((record) => nameIn(topic, record))) {
      const count = left.get(name);
      if (count === undefined) wrong.push(`${topic} has ${name}`);
      else if (count === 0) doubled.push(`${topic} has ${name} once too often`);
      else left.set(name, count - 1);
    }
    for (const [name, count] of left) {
      for (let i = 0; i < count; i += 1) lost.push(`${topic} lacks ${name}`);
    }
  }
  const liveWindows = new Set<string>();
  const told = new Map<string, number>();
  for (const event of eventsOf(results.get("live"))) {
    const { key, windowStart, events } = event.data;
    if (key === segmentOr(closing) || key === "sNaN") continue;
    const name = `${String(key)} from ${String(windowStart)}`;
    if (liveWindows.has(name)) doubledLive.push(`live has ${name} once too often`);
    liveWindows.add(name);
    told.set(String(key), (told.get(String(key)) ?? 0) + Number(events));
  }
  for (const event of eventsOf(results.get("live-late"))) {
    const key = segmentOr(event.actor.customerId);
    told.set(key, (told.get(key) ?? 0) + 1);
  }
  for (const [key, count] of expected.live) {
    const difference = (told.get(key) ?? 0) - count;
    if (difference < 0) lost.push(`live lacks ${-difference} events of ${key}`);
    if (difference > 0) doubledLive.push(`live has ${difference} events of ${key} too many`);
  }
  return { lost, doubled, doubledLive, wrong, live: liveWindows.size };
}

function eventsOf(records: readonly LogRecord[] = []): readonly EventEnvelope[] {
  return records.flatMap((record) => decode(record) ?? []);
}

/** What a result says, in the words of what is expected. */
function nameIn(topic: string, record: LogRecord): readonly string[] {
  if (topic === "counted") {
    const [n, id]: [number, string] = JSON.parse(new TextDecoder().decode(record.value));
    return [`${record.partition}: ${n} ${id}`];
  }
  if (topic === deadLetterTopic("orders")) return [record.headers["topology"] ?? ""];
  const event = decode(record);
  if (event === undefined) return ["something that is no event"];
  if (topic.endsWith("-late")) return [event.id];
  const { key, windowStart, events, total } = event.data;
  if (key === closing || key === "none" || key === "sNaN") return [];
  const cents = Math.round(Number(total) * 100);
  return [windowName(String(key), Number(windowStart), Number(events), cents)];
}

function windowName(key: string, start: number, events: number, cents: number): string {
  return `${key} from ${start}: ${events} events, ${cents} cents`;
}

function sumCents(events: readonly EventEnvelope[]): number {
  return events.reduce((sum, { data }) => sum + Math.round(Number(data["amount"]) * 100), 0);
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
