import { type EventEnvelope, isEcapError, type LogRecord, type Platform } from "@ecap/sdk";

export interface LiveEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly customerId?: string;
  readonly country?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface LiveSnapshot {
  readonly at: string;
  /** Events taken in during the last second, all topics. */
  readonly eventsPerSecond: number;
  /** Events of each of the last sixty seconds, oldest first. */
  readonly lastMinute: readonly number[];
  readonly ordersLastMinute: number;
  /** Newest first. */
  readonly orders: readonly LiveEvent[];
  readonly decisions: readonly LiveEvent[];
  readonly alerts: readonly LiveEvent[];
  /** What each plugin shows of the moment, by its name. */
  readonly plugins: Readonly<Record<string, object>>;
}

export interface LiveFeed {
  snapshot(tenant: string): LiveSnapshot;
  /** Follows the log while somebody watches; call what it returns to stop. */
  watch(): () => void;
  /** True once `close` was called: streams that show the feed end. */
  readonly closed: boolean;
  close(): Promise<void>;
}

interface TenantFeed {
  readonly seconds: Map<number, number>;
  readonly orders: LiveEvent[];
  readonly orderTimes: number[];
  readonly decisions: LiveEvent[];
  readonly alerts: LiveEvent[];
}

const kept = 50;
/** Records of a board's topics read again a partition, so that a board begins with the last hour. */
const keptForBoards = 5_000;
const pollMs = 250;
/** Topics whose events no list shows, so that they need not be decoded. */
const unwatched = new Set(["user-events", "product-updates"]);
const lists: Readonly<Record<string, "orders" | "decisions" | "alerts">> = {
  "order.completed": "orders",
  "fraud.decision.made": "decisions",
  "fraud.alert.raised": "alerts",
};

/** Follows the ends of all topics in this process, for a page that shows what happens now. It reads only while someone watches. */
export function createLiveFeed(platform: Platform): LiveFeed {
  const eventLog = platform.port("eventLog");
  const clock = platform.port("clock");
  const logger = platform.port("logger");
  const tenants = new Map<string, TenantFeed>();
  const boards = platform.plugins.flatMap(({ plugin }) => {
    const board = plugin.definition.live?.();
    return board === undefined ? [] : [{ name: plugin.name, board }];
  });
  const boardTopics = new Set(boards.flatMap(({ board }) => board.topics));
  const positions = new Map<string, number>();
  /** Who watches at this moment. */
  const watchers = new Set<symbol>();
  let following: Promise<void> | undefined;
  let closed = false;

  async function seekEnd(): Promise<void> {
    for (const topic of Object.keys(platform.topics)) {
      for (const { partition, next, earliest } of await eventLog.offsets(topic)) {
        // A little of the past, so that a page that was just opened is not empty.
        const back = boardTopics.has(topic) ? keptForBoards : kept;
        positions.set(`${topic}/${partition}`, Math.max(earliest, next - back));
      }
    }
  }

  async function follow(): Promise<void> {
    // The past that is read again would count twice in what was kept from the last watcher.
    tenants.clear();
    await seekEnd();
    while (watchers.size > 0) {
      try {
        await readOn();
      } catch (error) {
        // Retention may have passed the place it stood at.
        if (!isEcapError(error, "ECAP_OFFSET_OUT_OF_RANGE")) throw error;
        tenants.clear();
        await seekEnd();
      }
      await new Promise((resolve) => {
        setTimeout(resolve, pollMs);
      });
    }
  }

  async function readOn(): Promise<void> {
    for (const [place, offset] of positions) {
      const [topic = "", partition] = place.split("/");
      const records = await eventLog.read(topic, Number(partition), offset, { maxRecords: 5_000 });
      for (const record of records) take(record);
      const last = records.at(-1);
      if (last !== undefined) positions.set(place, last.offset + 1);
    }
  }

  function take(record: LogRecord): void {
    if (boardTopics.has(record.topic)) return takeForBoards(record);
    const feed = feedOf(record.headers["tenant"] ?? "default");
    const arrived = Number(record.headers["receivedat"] ?? record.timestamp);
    const second = Math.floor(arrived / 1000);
    // Once a second, so that the feed of a tenant nobody looks at does not grow.
    if (!feed.seconds.has(second)) forgetOld(feed, clock.now());
    feed.seconds.set(second, (feed.seconds.get(second) ?? 0) + 1);
    if (unwatched.has(record.topic)) return;
    const event = platform.decode(record);
    const list = event === undefined ? undefined : lists[event.type];
    if (event === undefined || list === undefined) return;
    feed[list].unshift(toLiveEvent(event));
    feed[list].length = Math.min(feed[list].length, kept);
    if (list === "orders") feed.orderTimes.push(arrived);
  }

  function takeForBoards(record: LogRecord): void {
    const event = platform.decode(record);
    if (event === undefined) return;
    for (const { board } of boards) if (board.topics.includes(record.topic)) board.take(event);
  }

  function feedOf(tenant: string): TenantFeed {
    let feed = tenants.get(tenant);
    if (feed === undefined) {
      feed = { seconds: new Map(), orders: [], orderTimes: [], decisions: [], alerts: [] };
      tenants.set(tenant, feed);
    }
    return feed;
  }

  return {
    snapshot(tenant) {
      const now = clock.now();
      const feed = feedOf(tenant);
      const current = Math.floor(now / 1000);
      forgetOld(feed, now);
      return {
        at: new Date(now).toISOString(),
        eventsPerSecond: feed.seconds.get(current - 1) ?? 0,
        lastMinute: Array.from(
          { length: 60 },
          (_, index) => feed.seconds.get(current - 60 + index) ?? 0,
        ),
        ordersLastMinute: feed.orderTimes.length,
        orders: feed.orders.slice(0, 20),
        decisions: feed.decisions.slice(0, 20),
        alerts: feed.alerts.slice(0, 20),
        plugins: Object.fromEntries(
          boards.map(({ name, board }) => [name, board.snapshot({ tenant, now })]),
        ),
      };
    },
    watch() {
      const watcher = Symbol("watcher");
      watchers.add(watcher);
      if (watchers.size === 1) {
        following = (following ?? Promise.resolve())
          .then(follow)
          .catch((error: unknown) =>
            logger.error({ error: String(error) }, "the live feed stopped"),
          );
      }
      return () => {
        watchers.delete(watcher);
      };
    },
    get closed() {
      return closed;
    },
    async close() {
      closed = true;
      watchers.clear();
      await following;
    },
  };
}

/** Keeps the last minute. Partitions are read one after the other, so times are in no order. */
function forgetOld({ seconds, orderTimes }: TenantFeed, now: number): void {
  for (const second of seconds.keys())
    if (second < Math.floor(now / 1000) - 60) seconds.delete(second);
  const recent = orderTimes.filter((time) => time >= now - 60_000);
  orderTimes.splice(0, orderTimes.length, ...recent);
}

function toLiveEvent(event: EventEnvelope): LiveEvent {
  const country = event.context.geo?.country;
  return {
    id: event.id,
    type: event.type,
    time: new Date(event.time).toISOString(),
    ...(event.actor.customerId !== undefined && { customerId: event.actor.customerId }),
    ...(country !== undefined && { country }),
    data: event.data,
  };
}
