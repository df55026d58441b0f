import { expect, test } from "vitest";
import { EcapError } from "../../src/errors/index.ts";
import { createProducerWatch } from "../../src/health/producer-watch.ts";
import { manualClock, memoryEventLog } from "../../src/memory/index.ts";

test("appends are counted by who makes them, with since when they fail and how long they are under way", async () => {
  const clock = manualClock(1_000);
  const log = memoryEventLog({ clock });
  await log.createTopic("t", { partitions: 1 });
  const waiting: Array<(error?: Error) => void> = [];
  const watch = createProducerWatch(clock);
  const slow = watch.watched("slow", {
    ...log,
    append: (topic, records) =>
      new Promise((resolve, reject) => {
        waiting.push((error) => (error ? reject(error) : resolve(log.append(topic, records))));
      }),
  });
  const record = { value: new Uint8Array(1), timestamp: 0 };
  expect(watch.status()).toEqual([]);
  const first = slow.append("t", [record, record]);
  clock.advance(500);
  const second = slow.append("t", [record]);
  expect(watch.status()).toEqual([
    { name: "slow", inFlight: 2, oldestAt: 1_000, records: 0, failures: 0 },
  ]);
  waiting[0]?.();
  await first;
  expect(watch.status()).toMatchObject([{ inFlight: 1, oldestAt: 1_500, records: 2 }]);
  waiting[1]?.(new EcapError("ECAP_STORAGE_FULL", "full"));
  await expect(second).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
  clock.advance(500);
  const third = slow.append("t", [record]);
  waiting[2]?.(new Error("a bug"));
  await expect(third).rejects.toThrow("a bug");
  expect(watch.status()).toEqual([
    {
      name: "slow",
      inFlight: 0,
      records: 2,
      failures: 2,
      lastSuccessAt: 1_500,
      failing: { code: "ECAP_INTERNAL", since: 1_500, attempts: 2 },
    },
  ]);
  const fourth = slow.append("t", [record]);
  waiting[3]?.();
  await fourth;
  expect(watch.status()[0]?.failing).toBeUndefined();
  expect(await slow.offsets("t")).toMatchObject([{ next: 3 }]);
});
