import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDeadLetter } from "../../src/collector/index.ts";
import { EcapError } from "../../src/errors/index.ts";
import { createRecordDecoder, createSchemaRegistry, encodeEvent } from "../../src/events/index.ts";
import {
  defineLakeTable,
  type LakeSink,
  type LakeSinkOptions,
  type LakeTable,
  startLakeSink,
} from "../../src/lake/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import {
  type EventLog,
  type Logger,
  silentLogger,
  type TableStore,
} from "../../src/ports/index.ts";
import { eventually, readTopic } from "../../src/testing/index.ts";
import { type Fate, type FaultyTables, faultyTables } from "./faulty-tables.ts";

const clock = manualClock(Date.UTC(2026, 0, 15));
const decode = createRecordDecoder(createSchemaRegistry());

/** Two rows an order, and one table fed by two topics. */
const lines = defineLakeTable({
  name: "lines",
  description: "",
  columns: [{ name: "line", type: "integer" }],
  from: [{ topic: "transactions", types: ["order"] }],
  rows: () => [{ line: 1 }, { line: 2 }],
});
const people = defineLakeTable({
  name: "people",
  description: "",
  columns: [],
  from: [
    { topic: "transactions", types: ["order"] },
    { topic: "user-events", types: ["visit"] },
  ],
  rows: () => [{}],
});
const tables: readonly LakeTable[] = [lines, people];
const topics = ["transactions", "user-events"];

async function makeLog(): Promise<EventLog> {
  const { eventLog } = memory({ clock });
  for (const topic of topics) await eventLog.createTopic(topic, { partitions: 3 });
  return eventLog;
}

function send(eventLog: EventLog, topic: string, type: string, ids: readonly number[]) {
  const records = ids.map((id) =>
    encodeEvent({
      id: String(id),
      type,
      source: "test",
      tenant: "acme",
      time: clock.now(),
      receivedAt: clock.now(),
      actor: { customerId: `c${id % 5}` },
      context: {},
      data: {},
    }),
  );
  return eventLog.append(topic, records);
}

function start(
  eventLog: EventLog,
  lake: FaultyTables,
  topic: string,
  more: Partial<LakeSinkOptions> = {},
): Promise<LakeSink> {
  return startLakeSink({
    topic,
    tables: tables.filter(({ from }) => from.some((source) => source.topic === topic)),
    eventLog,
    tableStore: lake.open(),
    decode,
    clock,
    logger: silentLogger,
    limits: { maxRows: 7, maxWaitMs: 2, dedupeRecords: 1_000 },
    ...more,
  });
}

const idsIn = (lake: FaultyTables, table: string, topic?: string): readonly number[] =>
  lake
    .rows(table)
    .filter((row) => topic === undefined || row["topic"] === topic)
    .map((row) => Number(row["event_id"]))
    .toSorted((a, b) => a - b);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe("each event is in its tables once", () => {
  test("also where two sinks have the same partitions, each unaware of the other", async () => {
    const bursts = fc.array(
      fc.record({ count: fc.integer({ min: 1, max: 15 }), pauseMs: fc.constantFrom(0, 1, 4) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(bursts, async (list) => {
        const eventLog = await makeLog();
        const lake = faultyTables();
        // In a group of its own, the second is given every partition too: as after a pause so long that the partitions went elsewhere.
        const other: EventLog = {
          ...eventLog,
          consume: (options) => eventLog.consume({ ...options, group: `${options.group} again` }),
        };
        const sinks = [
          await start(eventLog, lake, "transactions"),
          await start(other, lake, "transactions"),
        ];
        let sent = 0;
        for (const { count, pauseMs } of list) {
          await send(
            eventLog,
            "transactions",
            "order",
            Array.from({ length: count }, (_, i) => sent + i),
          );
          sent += count;
          await sleep(pauseMs);
        }
        await Promise.all(sinks.map((sink) => sink.drain()));
        await Promise.all(sinks.map((sink) => sink.close()));
        expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(sent));
        expect(idsIn(lake, "people")).toEqual(upTo(sent));
        expect(idsIn(lake, "lines")).toHaveLength(2 * sent);
      }),
      { numRuns: 30 },
    );
  });

  test("however the appends fail and wherever the process stops, with duplicates in the log", async () => {
    const fate = fc.constantFrom<Fate>(
      "fine",
      "fine",
      "fine",
      "fails",
      "answer lost",
      "stops before",
      "stops after",
    );
    const burst = fc.record({
      count: fc.integer({ min: 1, max: 15 }),
      repeats: fc.nat(4),
      pauses: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(burst, { minLength: 1, maxLength: 8 }),
        fc.array(fate, { maxLength: 25 }),
        fc.integer({ min: 1, max: 40 }),
        async (bursts, fates, maxRows) => {
          const plan = [...fates];
          const lake = faultyTables(() => plan.shift() ?? "fine");
          const eventLog = await makeLog();
          const limits = { maxRows, maxWaitMs: 1, dedupeRecords: 1_000 };
          let sink = await start(eventLog, lake, "transactions", { limits });
          let sent = 0;
          const restart = async () => {
            await sink.close().catch(() => {});
            sink = await start(eventLog, lake, "transactions", { limits });
          };
          for (const { count, repeats, pauses } of bursts) {
            const fresh = upTo(count).map((i) => sent + i);
            const again = upTo(repeats).map((i) => Math.max(0, sent - 1 - i * 3));
            await send(eventLog, "transactions", "order", [...fresh, ...again]);
            sent += count;
            if (pauses) await sleep(2);
            // A stopped process takes no step any more, so it is replaced as soon as that shows.
            await sink.drain().catch(restart);
          }
          for (let tries = 0; tries < 40; tries += 1) {
            try {
              await sink.drain();
              break;
            } catch {
              await restart();
            }
          }
          await sink.close();
          expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(sent));
          expect(idsIn(lake, "people")).toEqual(upTo(sent));
          expect(idsIn(lake, "lines")).toEqual(upTo(sent).flatMap((id) => [id, id]));
        },
      ),
      { numRuns: 40 },
    );
  }, 30_000);

  test("also where two topics feed one table, each by its own offsets", async () => {
    const lake = faultyTables();
    const eventLog = await makeLog();
    const sinks = await Promise.all(topics.map((topic) => start(eventLog, lake, topic)));
    await Promise.all([
      send(eventLog, "transactions", "order", upTo(20)),
      send(eventLog, "user-events", "visit", upTo(30)),
      send(eventLog, "user-events", "order", [99]),
    ]);
    await Promise.all(sinks.map((sink) => sink.drain()));
    await Promise.all(sinks.map((sink) => sink.close()));
    const again = await Promise.all(topics.map((topic) => start(eventLog, lake, topic)));
    await Promise.all(again.map((sink) => sink.drain()));
    expect(idsIn(lake, "people", "transactions")).toEqual(upTo(20));
    expect(idsIn(lake, "people", "user-events")).toEqual(upTo(30));
    expect(idsIn(lake, "lines")).toHaveLength(40);
    expect(idsIn(lake, "bronze_user_events")).toEqual([...upTo(30), 99]);
    await Promise.all(again.map((sink) => sink.close()));
  });

  test("also a duplicate that comes after a restart", async () => {
    const lake = faultyTables();
    const eventLog = await makeLog();
    for (let round = 0; round < 3; round += 1) {
      await send(eventLog, "transactions", "order", upTo(10));
      const sink = await start(eventLog, lake, "transactions");
      await sink.drain();
      await sink.close();
    }
    expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(10));
  });
});

/** A logger that keeps the errors it is told. */
function listening(): { readonly logger: Logger; readonly errors: string[] } {
  const errors: string[] = [];
  const error = (first: unknown, message?: string) => void errors.push(message ?? String(first));
  const logger: Logger = { ...silentLogger, error, child: () => logger };
  return { logger, errors };
}

describe("what cannot be taken is passed over and said", () => {
  test("a record that is no event", async () => {
    const { logger, errors } = listening();
    const lake = faultyTables();
    const eventLog = await makeLog();
    await send(eventLog, "transactions", "order", [0]);
    await eventLog.append("transactions", [
      { key: "c0", value: Uint8Array.of(1, 2, 3), timestamp: 0 },
    ]);
    await send(eventLog, "transactions", "order", [1, 5]);
    const sink = await start(eventLog, lake, "transactions", { logger });
    await sink.drain();
    await sink.close();
    expect(idsIn(lake, "bronze_transactions")).toEqual([0, 1, 5]);
    expect(errors).toEqual(["a record that is no event goes to the dead letters"]);
    const [letter, ...rest] = (await readTopic(eventLog, "transactions.dlq")).map(readDeadLetter);
    expect(rest).toEqual([]);
    expect(letter).toMatchObject({
      code: "ECAP_EVENT_MALFORMED",
      attempts: 1,
      consumer: "lake-sink.transactions",
      key: "c0",
      origin: { topic: "transactions" },
      bytes: Uint8Array.of(1, 2, 3),
    });
    expect(sink.status()).toMatchObject({ deadLetters: 1, duplicates: 0, bufferedRows: 0 });
  });

  test("an event a table's own code cannot read: the other tables have it", async () => {
    const { logger, errors } = listening();
    const lake = faultyTables();
    const eventLog = await makeLog();
    const broken: LakeTable = {
      ...lines,
      name: "broken",
      rows: (event) => {
        if (event.id === "3") throw new Error("a bug of the plugin");
        return [{ line: 1 }];
      },
    };
    await send(eventLog, "transactions", "order", upTo(8));
    const sink = await start(eventLog, lake, "transactions", {
      logger,
      tables: [broken, people],
    });
    await sink.drain();
    await sink.close();
    expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(8));
    expect(idsIn(lake, "people")).toEqual(upTo(8));
    expect(idsIn(lake, "broken")).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(errors).toHaveLength(1);
  });

  test("rows that do not fit their table: the rest of the table and the other tables have theirs", async () => {
    const { logger, errors } = listening();
    const lake = faultyTables();
    const eventLog = await makeLog();
    const broken: LakeTable = {
      ...lines,
      name: "broken",
      rows: (event) => [{ line: event.id === "3" ? "no number" : 1 }],
    };
    const picky: TableStore = {
      ...lake.open(),
      append: async (table, rows, options) => {
        if (rows.some(({ line }) => typeof line === "string"))
          throw new EcapError("ECAP_TABLE_SCHEMA", "not an integer");
        return lake.open().append(table, rows, options);
      },
    };
    await send(eventLog, "transactions", "order", upTo(8));
    const sink = await start(eventLog, lake, "transactions", {
      logger,
      tables: [broken, people],
      tableStore: picky,
    });
    await sink.drain();
    await sink.close();
    expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(8));
    expect(idsIn(lake, "people")).toEqual(upTo(8));
    expect(idsIn(lake, "broken")).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(errors).toEqual(["rows do not fit their table and it lacks them"]);
  });
});

describe("limits", () => {
  test("a batch is written when it holds so many rows or bytes, or has waited so long", async () => {
    const lake = faultyTables();
    const eventLog = await makeLog();
    const patient = { maxRows: 12, maxBytes: 1e9, maxWaitMs: 60_000, dedupeRecords: 0 };
    const sink = await start(eventLog, lake, "transactions", { limits: patient });
    await send(eventLog, "transactions", "order", upTo(2_000));
    await eventually(() => expect(lake.appends.length).toBeGreaterThan(6));
    await sink.close();
    expect(idsIn(lake, "bronze_transactions")).toEqual(
      idsIn(lake, "people").filter((id) => id < 2_000),
    );

    const byBytes = faultyTables();
    const second = await start(eventLog, byBytes, "transactions", {
      limits: { ...patient, maxRows: 1e9, maxBytes: 500 },
    });
    await eventually(() => expect(byBytes.rows("bronze_transactions").length).toBeGreaterThan(5));
    await second.close();

    const byTime = faultyTables();
    const third = await start(eventLog, byTime, "transactions", {
      limits: { ...patient, maxRows: 1e9, maxWaitMs: 10 },
    });
    await eventually(() => expect(byTime.rows("bronze_transactions")).toHaveLength(2_000));
    await third.close();
  });

  test("a write that fails is tried again by itself, and close says what could not be written", async () => {
    let fate: Fate = "fails";
    const lake = faultyTables(() => fate);
    const eventLog = await makeLog();
    const sink = await start(eventLog, lake, "transactions");
    await send(eventLog, "transactions", "order", upTo(3));
    await expect(sink.drain()).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
    fate = "fine";
    await eventually(() => expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(3)));
    fate = "fails";
    await send(eventLog, "transactions", "order", [3]);
    await expect(sink.drain()).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
    await expect(sink.close()).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
    fate = "fine";
    const next = await start(eventLog, lake, "transactions");
    await next.drain();
    expect(idsIn(lake, "bronze_transactions")).toEqual(upTo(4));
    await next.close();
  });
});
