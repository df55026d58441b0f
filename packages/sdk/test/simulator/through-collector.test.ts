import { expect, test } from "vitest";
import { createCollector, type Receipt, segmentDialect } from "../../src/collector/index.ts";
import { commerce, commerceTables } from "../../src/commerce/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import { createPlatform } from "../../src/platform/index.ts";
import { type SimulatedEvent, simulate } from "../../src/simulator/index.ts";

const dayMs = 86_400_000;
const from = Date.UTC(2026, 2, 2);

test("the collector takes what the simulator sends as what it is, and orders become their lines", async () => {
  const until = from + 2 * dayMs;
  const faults = { malformed: 0.01, late: 0.01, duplicate: 0.01, outOfOrder: 0.02 };
  const events = [...simulate({ seed: 3, from, to: until, faults, fraud: { card_testing: 5 } })];
  const platform = await createPlatform({
    adapters: memory({ clock: manualClock(until) }),
    plugins: [commerce({ currency: "EUR" })],
    dialects: [segmentDialect],
  });
  const collector = await createCollector(platform, {
    unplannedEvents: "quarantine",
    unplannedProperties: "quarantine",
  });
  const receipts: Receipt[] = [];
  for (let i = 0; i < events.length; i += 500) {
    const batch = events.slice(i, i + 500).map(({ payload }) => payload);
    const bytes = new TextEncoder().encode(JSON.stringify({ batch }));
    receipts.push(
      ...(await collector.collect({
        bytes,
        tenant: "acme",
        source: "simulator",
        dialect: "segment",
      })),
    );
  }
  const statusOf = (fault: SimulatedEvent["fault"]) =>
    new Set(events.flatMap((event, i) => (event.fault === fault ? [receipts[i]?.status] : [])));
  expect(statusOf("malformed")).toEqual(new Set(["quarantined"]));
  const statuses = events.map((event, i) => `${event.fault ?? "fine"} ${receipts[i]?.status}`);
  const seen = new Set<unknown>();
  const expected = events.map(({ payload, fault }) => {
    const id = payload["messageId"];
    const status = fault === "malformed" ? "quarantined" : seen.has(id) ? "duplicate" : "accepted";
    seen.add(id);
    return `${fault ?? "fine"} ${status}`;
  });
  expect(statuses).toEqual(expected);
  expect(
    receipts.filter(({ status }) => status === "accepted").flatMap(({ warnings = [] }) => warnings),
  ).toEqual([]);

  const lines = commerceTables.find(({ name }) => name === "order_lines");
  let lineCount = 0;
  for (const { partition } of await platform.port("eventLog").offsets("transactions"))
    for (const record of await platform
      .port("eventLog")
      .read("transactions", partition, 0, { maxRecords: 1e6 })) {
      const event = platform.decode(record);
      if (event?.type !== "order.completed") continue;
      const rows = lines?.rows(event) ?? [];
      expect(
        rows.every(
          (row) =>
            typeof row["country"] === "string" &&
            row["currency"] === "EUR" &&
            row["session_id"] !== null,
        ),
      ).toBe(true);
      lineCount += rows.length;
    }
  expect(lineCount).toBeGreaterThan(500);
  await collector.close();
  await platform.stop();
});
