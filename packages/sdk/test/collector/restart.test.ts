import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Collector, createCollector } from "../../src/collector/index.ts";
import { manualClock, memory } from "../../src/memory/index.ts";
import type { EventLog, NewLogRecord } from "../../src/ports/index.ts";
import { encode, openDoor, order, start, statuses } from "./door.ts";

const delivery = { tenant: "acme", source: "test", dialect: "ecap" };

const again = (collector: Collector, events: unknown) =>
  collector.collect({ ...delivery, bytes: encode(events) });

test("what was accepted before a restart is a duplicate after it, with and without a clean end", async () => {
  const { platform, collector, send, clock } = await openDoor({ dedupeByBusinessKey: true });
  await send([order("a"), { type: "order.placed", data: { order_id: "unnamed" } }]);
  await collector.close();
  const options = { dedupeByBusinessKey: true };
  const second = await createCollector(platform, options);
  expect(statuses(await again(second, [order("a"), order("b")]))).toEqual([
    "duplicate",
    "accepted",
  ]);
  const third = await createCollector(platform, options);
  expect(
    statuses(
      await again(third, [
        order("a"),
        order("b"),
        order("c", { order_id: "o-b" }),
        order("d", { order_id: "unnamed" }),
        order("e"),
      ]),
    ),
  ).toEqual(["duplicate", "duplicate", "duplicate", "duplicate", "accepted"]);
  clock.advance(30 * 3_600_000);
  const later = await createCollector(platform);
  expect(statuses(await again(later, [order("f")]))).toEqual(["accepted"]);
});

/** A log whose appends fail before or after the records became durable, as a crash or a lost answer looks from outside. */
function unreliableLog(eventLog: EventLog, plan: () => "fine" | "before" | "after"): EventLog {
  return {
    ...eventLog,
    async append(topic: string, records: readonly NewLogRecord[]) {
      const fate = plan();
      if (fate === "before") throw new Error("the machine stopped before the write");
      const places = await eventLog.append(topic, records);
      if (fate === "after") throw new Error("the machine stopped after the write");
      return places;
    },
  };
}

test("senders that repeat until they have a receipt, through crashes at random points, lose and double nothing", async () => {
  const step = fc.record({
    first: fc.nat(20),
    count: fc.integer({ min: 1, max: 8 }),
    fate: fc.constantFrom("fine" as const, "fine" as const, "before" as const, "after" as const),
    endsClean: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const clock = manualClock(start);
      let fate: "fine" | "before" | "after" = "fine";
      const eventLog = unreliableLog(memory({ clock }).eventLog, () => fate);
      const door = await openDoor({}, { clock, adapters: { eventLog } });
      let collector = door.collector;
      const accepted: string[] = [];
      for (const todo of steps) {
        const ids = Array.from({ length: todo.count }, (_, i) => String(todo.first + i));
        const bytes = encode(ids.map((id) => order(id)));
        fate = todo.fate;
        let receipts = await collector.collect({ ...delivery, bytes }).catch(() => undefined);
        if (receipts === undefined) {
          // The process is gone with all it knew; a new one takes over and the sender tries again.
          fate = "fine";
          if (todo.endsClean) await collector.close();
          collector = await createCollector(door.platform);
          receipts = await collector.collect({ ...delivery, bytes });
        }
        expect(receipts.map(({ id }) => id)).toEqual(ids);
        accepted.push(...ids);
        clock.advance(1);
      }
      const logged = await door.logged();
      expect(logged.toSorted()).toEqual([...new Set(accepted)].toSorted());
    }),
    { numRuns: 10 },
  );
});
