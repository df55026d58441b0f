import * as fc from "fast-check";
import { expect, test } from "vitest";
import { EcapError } from "../../src/errors/index.ts";
import { createRecordDecoder, createSchemaRegistry, encodeEvent } from "../../src/events/index.ts";
import {
  defineLakeTable,
  type FreshReads,
  type FreshReadsOptions,
  freshReads,
  type LakeSink,
  startLakeSink,
} from "../../src/lake/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import { type EventLog, type Row, silentLogger, type TableStore } from "../../src/ports/index.ts";
import { faultyTables } from "./faulty-tables.ts";

const clock = manualClock(Date.UTC(2026, 0, 15));
const decode = createRecordDecoder(createSchemaRegistry());
const topic = "transactions";
const tenants = ["acme", "other"] as const;

/** Two rows an order; some orders have rows that do not fit, some cannot be read. */
const lines = defineLakeTable({
  name: "lines",
  description: "",
  columns: [{ name: "line", type: "integer" }],
  from: [{ topic, types: ["order"] }],
  rows: ({ data }) => {
    if (data["odd"] === "unreadable") throw new Error("cannot be read");
    return data["odd"] === "unfit" ? [{ line: "one" }] : [{ line: 1 }, { line: 2 }];
  },
});
const visits = defineLakeTable({
  name: "visits",
  description: "",
  columns: [],
  from: [{ topic, types: ["visit"] }],
  rows: () => [{}],
});
const tables = [lines, visits];
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const names = ["bronze_transactions", "lines", "visits"];

interface Sent {
  readonly id: number;
  readonly tenant: (typeof tenants)[number];
  readonly type: "order" | "visit";
  /** "unreadable", "unfit" or "malformed", or nothing of that. */
  readonly odd: string;
}

async function send(eventLog: EventLog, events: readonly Sent[]): Promise<void> {
  const records = events.map(({ id, tenant, type, odd }) => {
    const actor = { customerId: `c${id % 5}` };
    const data = { odd };
    const event = { id: `${id}`, type, source: "test", tenant, actor, context: {}, data };
    const record = encodeEvent({ ...event, time: clock.now(), receivedAt: clock.now() });
    return odd === "malformed" ? { ...record, value: Buffer.from("{") } : record;
  });
  await eventLog.append(topic, records);
}

const sent: fc.Arbitrary<Sent> = fc.record({
  // Few ids, so that many are sent again.
  id: fc.nat(30),
  tenant: fc.constantFrom(...tenants),
  type: fc.constantFrom("order", "visit"),
  odd: fc.constantFrom("", "", "", "", "unreadable", "unfit", "malformed"),
});
const step = fc.oneof(
  { weight: 3, arbitrary: fc.array(sent, { minLength: 1, maxLength: 12 }) },
  { weight: 3, arbitrary: fc.constantFrom("drain", "look", "restart") },
);
const keyOf = ({ tenant, event_id, line, partition, offset }: Row): string =>
  JSON.stringify([tenant, event_id, line, partition, offset]);

async function makeLog(): Promise<EventLog> {
  const { eventLog } = memory({ clock });
  await eventLog.createTopic(topic, { partitions: 3 });
  return eventLog;
}

test("whenever the sink commits, a table with its fresh rows is what the table holds in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(60), { maxLength: 4 }),
      async (steps, commitsAt) => {
        const eventLog = await makeLog();
        const lake = faultyTables();
        const tableStore = checked(lake.open());
        const shared = { eventLog, tableStore, decode, clock, tables };
        const limits = { maxRows: 10_000, maxWaitMs: 60_000 };
        const start = () => startLakeSink({ topic, logger: silentLogger, limits, ...shared });
        let sink = await start();
        // The sink commits between any two things that a look asks of the tables and the log.
        let asked = 0;
        const commits = async (): Promise<void> => {
          asked += 1;
          if (commitsAt.includes(asked)) await sink.drain();
        };
        const reads = freshReads({
          ...shared,
          topics: [topic],
          sharedMs: 0,
          tableStore: before(tableStore, commits, "snapshot"),
          eventLog: before(before(eventLog, commits, "read"), commits, "offsets"),
        });
        const looks: Look[] = [];
        const look = async (): Promise<void> => {
          const ends = new Map(
            (await eventLog.offsets(topic)).map(({ partition, next }) => [partition, next]),
          );
          for (const table of names) {
            for (const tenant of tenants) {
              const found = await reads.of(table, tenant);
              const { version = 0, rows = [] } = found?.read ?? {};
              const written = lake.rowsAt(table, version).filter((row) => row["tenant"] === tenant);
              looks.push({
                table,
                tenant,
                ends,
                rows: [...written, ...rows].map(keyOf).toSorted(),
              });
            }
          }
        };
        for (const each of steps) {
          if (each === "drain") await sink.drain();
          else if (each === "look") await look();
          else if (each === "restart") {
            await sink.close();
            sink = await start();
          } else await send(eventLog, each);
        }
        await look();
        await sink.drain();
        await sink.close();
        for (const { table, tenant, ends, rows } of looks) {
          const inTheEnd = lake
            .rows(table)
            .filter((row) => row["tenant"] === tenant)
            .filter((row) => Number(row["offset"]) < (ends.get(Number(row["partition"])) ?? 0));
          expect(rows, `${table} of ${tenant}`).toEqual(inTheEnd.map(keyOf).toSorted());
        }
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);

interface Look {
  readonly table: string;
  readonly tenant: string;
  /** Where the log ended, by partition. */
  readonly ends: ReadonlyMap<number, number>;
  readonly rows: readonly string[];
}

/** The same with something that happens before each call of a method. */
function before<Port extends object>(
  port: Port,
  happens: () => Promise<void>,
  method: keyof Port & string,
): Port {
  const call = port[method] as (...args: readonly unknown[]) => Promise<unknown>;
  const wrapped = async (...args: readonly unknown[]): Promise<unknown> => {
    await happens();
    return call.apply(port, [...args]);
  };
  return { ...port, [method]: wrapped };
}

/** Refuses rows that do not fit, as a real store does. */
function checked(store: TableStore): TableStore {
  return {
    ...store,
    async append(table, rows, options) {
      if (rows.some(({ line }) => typeof line === "string"))
        throw new EcapError("ECAP_TABLE_SCHEMA", "a line is no number");
      return store.append(table, rows, options);
    },
  };
}

async function withSink(
  work: (parts: {
    readonly eventLog: EventLog;
    readonly reads: FreshReads;
    readonly recordsRead: () => number;
    readonly sink: LakeSink;
  }) => Promise<void>,
  options: Partial<FreshReadsOptions> = {},
): Promise<void> {
  const eventLog = await makeLog();
  const tableStore = faultyTables().open();
  const shared = { eventLog, tableStore, decode, clock, tables };
  const limits = { maxRows: 10_000, maxWaitMs: 60_000 };
  const sink = await startLakeSink({ topic, logger: silentLogger, limits, ...shared });
  let recordsRead = 0;
  const counted: EventLog = {
    ...eventLog,
    async read(...args) {
      const records = await eventLog.read(...args);
      recordsRead += records.length;
      return records;
    },
  };
  const reads = freshReads({
    ...shared,
    topics: [topic],
    sharedMs: 0,
    ...options,
    eventLog: counted,
  });
  await work({ eventLog, reads, sink, recordsRead: () => recordsRead });
  await sink.close();
}

const orders = (from: number, count: number): readonly Sent[] =>
  Array.from({ length: count }, (_, i) => ({
    id: from + i,
    tenant: "acme",
    type: "order",
    odd: "",
  }));

test("a record is read once, however many ask, and the same rows are the same array", async () => {
  await withSink(async ({ eventLog, reads, recordsRead, sink }) => {
    await send(eventLog, orders(0, 40));
    const answers = await Promise.all(upTo(10).map(() => reads.of("lines", "acme")));
    expect(new Set(answers.map((found) => found?.read.rows)).size).toBe(1);
    expect(answers[0]?.read.rows).toHaveLength(80);
    expect(recordsRead()).toBe(40);
    await send(eventLog, orders(40, 2));
    expect((await reads.of("lines", "acme"))?.read.rows).toHaveLength(84);
    expect((await reads.of("bronze_transactions", "acme"))?.read.rows).toHaveLength(42);
    expect(recordsRead()).toBe(42);
    await sink.drain();
    expect((await reads.of("lines", "acme"))?.read).toEqual({ version: 1 });
    expect(recordsRead()).toBe(42);
  });
});

test("past its limits the tail is not read, and is again when the sink has written", async () => {
  await withSink(
    async ({ eventLog, reads, recordsRead, sink }) => {
      await send(eventLog, orders(0, 11));
      expect(await reads.of("lines", "acme")).toBeUndefined();
      expect(recordsRead()).toBe(0);
      await sink.drain();
      await send(eventLog, orders(9, 4));
      // Two of the four were there before.
      expect((await reads.of("lines", "acme"))?.read.rows).toHaveLength(4);
      await send(eventLog, [{ id: 99, tenant: "acme", type: "order", odd: "x".repeat(9_000) }]);
      expect(await reads.of("lines", "acme")).toBeUndefined();
      const read = recordsRead();
      expect(await reads.of("lines", "acme")).toBeUndefined();
      expect(recordsRead()).toBe(read);
      await sink.drain();
      expect((await reads.of("lines", "acme"))?.read).toEqual({ version: 2 });
    },
    { limits: { maxRecords: 10, maxBytes: 8_000 } },
  );
});

test("a table that no topic feeds is read as it is", async () => {
  await withSink(async ({ reads }) => {
    expect(await reads.of("people_edit_it", "acme")).toEqual({ read: {}, asOf: clock.now() });
  });
});
