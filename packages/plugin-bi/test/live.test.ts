import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { manualClock, memory } from "@ecap/sdk/memory";
import { eventually, readTopic } from "@ecap/sdk/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bi } from "../src/index.ts";
import { type LiveMetrics, liveBoard } from "../src/live/live-board.ts";
import { liveMetricsTable } from "../src/live/live-table.ts";

const minute = 60_000;
const now = Date.UTC(2026, 4, 1, 12, 0, 30);

async function shop() {
  const clock = manualClock(now);
  const platform = await createPlatform({
    adapters: memory({ clock }),
    plugins: [commerce(), bi()],
  });
  await platform.start(["topologies"]);
  const order = (
    id: string,
    time: number,
    fields: { country: string; amount: string; product: string },
  ) =>
    platform.emit({
      type: "order.completed",
      tenant: "acme",
      id,
      time,
      actor: { customerId: `customer of ${id}` },
      context: { geo: { country: fields.country }, campaign: { medium: "email" } },
      data: {
        order_id: id,
        currency: "EUR",
        products: [{ product_id: fields.product, price: fields.amount, quantity: 2 }],
      },
    });
  const results = async () =>
    (await readTopic(platform.port("eventLog"), "live-metrics")).flatMap((record) => {
      const event = platform.decode(record);
      return event === undefined ? [] : [event];
    });
  /** What the board shows once it shows that, after a while of silence. */
  const shownWhen = async (isShown: (shown: LiveMetrics) => boolean): Promise<LiveMetrics> => {
    await platform.drain();
    clock.advance(20_000);
    let shown: LiveMetrics | undefined;
    await eventually(async () => {
      const board = liveBoard();
      for (const event of await results()) board.take(event);
      shown = board.snapshot({ tenant: "acme", now }) as LiveMetrics;
      expect(isShown(shown)).toBe(true);
    });
    if (shown === undefined) throw new Error("nothing is shown");
    return shown;
  };
  return { platform, clock, order, results, shownWhen };
}

describe("live metrics", () => {
  let running: Awaited<ReturnType<typeof shop>>;
  beforeEach(async () => {
    running = await shop();
  });
  afterEach(() => running.platform.stop());

  it("show orders, revenue and products by minute while the minutes are open", async () => {
    const { order, results, shownWhen } = running;
    await order("o1", now - 2 * minute, { country: "DE", amount: "10.10", product: "p1" });
    await order("o2", now - minute, { country: "FR", amount: "0.05", product: "p2" });
    await order("o3", now - minute + 5_000, { country: "DE", amount: "3", product: "p1" });
    const shown = await shownWhen(({ minutes }) => minutes.at(-2)?.orders === 2);
    expect(shown.currency).toBe("EUR");
    expect(shown.minutes.slice(-3).map(({ orders, revenue }) => [orders, revenue])).toEqual([
      [1, "20.2"],
      [2, "6.1"],
      [0, "0"],
    ]);
    expect(shown.countries).toEqual([
      { value: "DE", orders: 2, revenue: "26.2" },
      { value: "FR", orders: 1, revenue: "0.1" },
    ]);
    expect(shown.channels).toEqual([{ value: "email", orders: 3, revenue: "26.3" }]);
    expect(shown.products.map(({ value, revenue }) => [value, revenue])).toEqual([
      ["p1", "26.2"],
      ["p2", "0.1"],
    ]);
    const board = liveBoard();
    for (const event of await results()) board.take(event);
    expect((board.snapshot({ tenant: "other", now }) as LiveMetrics).currency).toBeUndefined();
  });

  it("tell orders by sessions, and give each minute that is over to the lake once", async () => {
    const { platform, clock, order, results, shownWhen } = running;
    for (const [i, session] of ["s1", "s2", "s1", "s3", "s4"].entries()) {
      await platform.emit({
        type: "page.viewed",
        tenant: "acme",
        id: `page-${i}`,
        time: now - 5 * minute + i * 1_000,
        actor: { anonymousId: session, sessionId: session },
        data: {},
      });
    }
    await order("o1", now - 4 * minute, { country: "DE", amount: "1", product: "p" });
    const { conversion } = await shownWhen((shown) => shown.conversion?.sessions === 4);
    expect(conversion).toMatchObject({ sessions: 4, orders: 1, rate: 0.25 });
    // The minute is over once silence lasted until then.
    clock.advance(5 * minute);
    const inAll = async () =>
      (await results())
        .flatMap((event) => liveMetricsTable.rows(event))
        .filter(({ dimension }) => dimension === "all");
    await eventually(async () => expect(await inAll()).toHaveLength(1));
    expect(await inAll()).toMatchObject([
      {
        window_start: now - 4 * minute - 30_000,
        orders: 1,
        units: 2,
        revenue: "2",
        currency: "EUR",
      },
    ]);
  });
});
