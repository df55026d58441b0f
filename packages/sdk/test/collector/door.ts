import { z } from "zod";
import {
  type Collector,
  type CollectorOptions,
  clientDialects,
  createCollector,
  type Delivery,
  type Receipt,
} from "../../src/collector/index.ts";
import { defineEvent } from "../../src/events/index.ts";
import { type ManualClock, manualClock, memory } from "../../src/memory/index.ts";
import { createPlatform, type Platform } from "../../src/platform/index.ts";
import { definePlugin, type Plugin } from "../../src/plugin/index.ts";
import type { AdapterSet } from "../../src/ports/index.ts";
import { readTopic } from "../../src/testing/index.ts";

export const start = Date.UTC(2026, 0, 15, 12);

const orderPlaced = defineEvent({
  type: "order.placed",
  version: 1,
  topic: "transactions",
  description: "An order",
  schema: z.object({ order_id: z.string(), total: z.number().optional() }),
  aliases: ["Order Placed"],
  businessKey: ({ order_id }) => order_id,
});

export const shop = definePlugin({
  name: "shop",
  version: "1.0.0",
  sdk: "0.x",
  personalData: "none",
  events: { consumes: [orderPlaced] },
  setup: () => ({}),
});

/** A platform in memory with its collector, and short ways to use them. */
export interface Door {
  readonly platform: Platform;
  readonly collector: Collector;
  readonly clock: ManualClock;
  readonly send: (events: unknown, delivery?: Partial<Delivery>) => Promise<readonly Receipt[]>;
  /** Ids the log holds, by topic in name order. */
  readonly logged: () => Promise<readonly string[]>;
}

export async function openDoor(
  options: CollectorOptions = {},
  given: {
    readonly clock?: ManualClock;
    readonly adapters?: AdapterSet;
    readonly plugins?: readonly Plugin[];
  } = {},
): Promise<Door> {
  const clock = given.clock ?? manualClock(start);
  const platform = await createPlatform({
    adapters: [memory({ clock }), given.adapters ?? {}],
    plugins: [shop(), ...(given.plugins ?? [])],
    dialects: clientDialects,
  });
  const collector = await createCollector(platform, options);
  return {
    platform,
    collector,
    clock,
    send: (events, delivery = {}) =>
      collector.collect({
        bytes: events instanceof Uint8Array ? events : encode(events),
        tenant: "acme",
        source: "test",
        dialect: "ecap",
        ...delivery,
      }),
    async logged() {
      const ids: string[] = [];
      for (const topic of Object.keys(platform.topics).toSorted())
        for (const record of await readTopic(platform.port("eventLog"), topic))
          ids.push(platform.decode(record)?.id ?? "undecodable");
      return ids;
    },
  };
}

export function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

export function order(id: string, data: Readonly<Record<string, unknown>> = {}) {
  return { id, type: "order.placed", data: { order_id: `o-${id}`, ...data } };
}

export function statuses(receipts: ReadonlyArray<{ readonly status: string }>): readonly string[] {
  return receipts.map(({ status }) => status);
}
