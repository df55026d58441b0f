import { bi } from "@ecap/plugin-bi";
import { createPlatform, encodeEvent } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { manualClock, memory } from "@ecap/sdk/memory";
import { simulate } from "@ecap/sdk/simulator";
import { expect, it } from "vitest";
import { governance } from "../../src/index.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

it("finds in the live metrics of a shop the hours in which orders failed to come", async () => {
  const now = Date.UTC(2026, 5, 1);
  const from = now - 18 * dayMs;
  const outage = { from: now - 2 * dayMs + 10 * hourMs, to: now - 2 * dayMs + 20 * hourMs };
  const clock = manualClock(now);
  // No lake: what there is to know is read from the log.
  const platform = await createPlatform({
    adapters: memory({ clock }),
    plugins: [commerce(), bi(), governance()],
  });
  await platform.start();
  const log = platform.port("eventLog");
  const anomalies = [{ ...outage, factor: 0.05 }];
  const shop = {
    seed: 4,
    from,
    to: now,
    ordersPerDay: 300,
    journeys: "orders",
    anomalies,
  } as const;
  const orders = [...simulate(shop)].flatMap(({ payload }) => {
    if (payload["event"] !== "Order Completed") return [];
    const event = {
      id: String(payload["messageId"]),
      type: "order.completed",
      source: "test",
      tenant: "acme",
      time: Date.parse(String(payload["timestamp"])),
      receivedAt: now,
      actor: { customerId: String(payload["userId"]) },
      context: {},
      data: payload["properties"] as Readonly<Record<string, unknown>>,
    };
    return [encodeEvent(event)];
  });
  for (let i = 0; i < orders.length; i += 500) {
    await log.append("transactions", orders.slice(i, i + 500));
    await platform.drain();
  }
  for (let minute = 0; minute < 5; minute += 1) {
    clock.advance(minuteMs);
    await platform.background?.jobs?.runNow("quality-clock");
    await platform.drain();
  }

  const service = platform.service(governance);
  const alerts = await service.qualityAlerts({ tenant: "acme" });
  const found = alerts.filter(({ name }) => name === "orders/EUR");
  expect(found).toHaveLength(1);
  const [alert] = found;
  expect(alert).toMatchObject({
    status: "resolved",
    kind: "anomaly",
    topic: "live-metrics",
    reason: "recovered",
    historical: true,
  });
  expect(alert?.observed).toBeLessThan((alert?.expected ?? 0) / 2);
  expect(alert?.since).toBeGreaterThanOrEqual(outage.from);
  expect(alert?.since).toBeLessThan(outage.from + 4 * hourMs);
  expect(alert?.until).toBeGreaterThanOrEqual(outage.to);
  expect(alert?.until).toBeLessThan(outage.to + 3 * hourMs);
  expect(await service.qualityAlerts({ tenant: "other" })).toEqual([]);
  // Every order was counted, from the log alone.
  const { topics } = await service.quality({ tenant: "acme" });
  expect(topics).toMatchObject([{ topic: "transactions", hour: orders.length }]);
  await platform.stop();
});
