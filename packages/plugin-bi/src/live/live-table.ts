import { defineLakeTable } from "@ecap/sdk/lake";
import { liveOrders, liveTopic, parseLiveKey } from "./live-events.ts";

/** The minutes of the live metrics once they are over. */
export const liveMetricsTable = defineLakeTable({
  name: "live_metrics",
  description:
    "Orders, units and revenue by minute and dimension as the stream counted them; the rows of one minute and key, one a partition, add up",
  columns: [
    { name: "window_start", type: "timestamp", nullable: false },
    { name: "currency", type: "string" },
    { name: "dimension", type: "string", nullable: false },
    { name: "value", type: "string" },
    { name: "orders", type: "long", nullable: false },
    { name: "units", type: "double" },
    { name: "revenue", type: "decimal(18,4)", nullable: false },
    { name: "share", type: "integer", nullable: false, description: "Partition of the input" },
  ],
  from: [{ topic: liveTopic, types: [liveOrders.type] }],
  rows({ data }) {
    if (data["final"] !== true) return [];
    const { currency, by, value } = parseLiveKey(String(data["key"]));
    return [
      {
        window_start: Number(data["windowStart"]),
        currency,
        dimension: by,
        value,
        orders: Number(data["orders"]),
        units: Number(data["units"] ?? 0),
        revenue: String(data["revenue"]),
        share: Number(data["partition"]),
      },
    ];
  },
});
