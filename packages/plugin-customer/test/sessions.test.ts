import { createPlatform, type EventEnvelope } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { manualClock, memory } from "@ecap/sdk/memory";
import { eventually, readTopic } from "@ecap/sdk/testing";
import { expect, it } from "vitest";
import { customer } from "../src/index.ts";
import { sessionSummariesTable } from "../src/sessions/session-table.ts";

const minute = 60_000;
const start = Date.UTC(2026, 4, 1);

const page = (path: string) => ({ context: { page: { path } } });

it("sessions end half an hour after their last event, with what happened in them", async () => {
  const clock = manualClock(start + 10 * 60 * minute);
  const platform = await createPlatform({
    adapters: memory({ clock }),
    plugins: [commerce(), customer()],
  });
  await platform.start(["topologies"]);
  const send = (type: string, at: number, fields: Partial<EventEnvelope> = {}) =>
    platform.emit({
      type,
      tenant: "acme",
      id: `${type}-${at}`,
      time: start + at * minute,
      actor: { anonymousId: "visitor" },
      data: {},
      ...fields,
    });
  await send("page.viewed", 0, {
    context: { page: { path: "/sale" }, campaign: { medium: "email" } },
  });
  await send("product.viewed", 3);
  await send("product.added", 4);
  await send("page.viewed", 25, {
    ...page("/checkout"),
    actor: { anonymousId: "visitor", customerId: "c1" },
  });
  // Silent for more than half an hour: another session.
  await send("page.viewed", 60, page("/again"));
  await send("page.viewed", 300, page("/much-later"));
  await platform.drain();
  // Partitions nothing came to say what time it is after a while of silence.
  clock.advance(60 * minute);
  const summaries = async () =>
    (await readTopic(platform.port("eventLog"), "customer-analytics")).flatMap((record) => {
      const event = platform.decode(record);
      return event === undefined ? [] : sessionSummariesTable.rows(event);
    });
  await eventually(async () => expect(await summaries()).toHaveLength(3));
  expect(
    (await summaries()).toSorted((a, b) => Number(a["started_at"]) - Number(b["started_at"])),
  ).toMatchObject([
    {
      started_at: start,
      ended_at: start + 25 * minute,
      duration_seconds: 1_500,
      events: 4,
      pages: 2,
      products_viewed: 1,
      added_to_cart: 1,
      checkouts: 0,
      landing_page: "/sale",
      exit_page: "/checkout",
      channel: "email",
      customer_id: "c1",
      anonymous_id: "visitor",
    },
    { started_at: start + 60 * minute, duration_seconds: 0, events: 1, landing_page: "/again" },
    { started_at: start + 300 * minute, landing_page: "/much-later" },
  ]);
  await platform.stop();
});
