import { defineLakeTable } from "@ecap/sdk/lake";
import { sessionEnded, sessionGapMs } from "./sessions-topology.ts";

const texts = [
  "landing_page",
  "exit_page",
  "channel",
  "country",
  "customer_id",
  "anonymous_id",
  "session_id",
  "device_id",
] as const;
const counts = ["events", "pages", "products_viewed", "added_to_cart", "checkouts"] as const;

/** Sessions once they are over; the commerce table `sessions` has them as clients say that they begin. */
export const sessionSummariesTable = defineLakeTable({
  name: "session_summaries",
  description: "Sessions that are over, with what happened in them",
  columns: [
    { name: "started_at", type: "timestamp", nullable: false },
    { name: "ended_at", type: "timestamp", nullable: false, description: "Time of the last event" },
    { name: "duration_seconds", type: "double", nullable: false },
    ...counts.map((name) => ({ name, type: "long" }) as const),
    ...texts.map((name) => ({ name, type: "string" }) as const),
  ],
  from: [{ topic: sessionEnded.topic, types: [sessionEnded.type] }],
  rows({ data }) {
    const start = Number(data["windowStart"]);
    const end = Number(data["windowEnd"]) - sessionGapMs;
    return [
      {
        event_time: start,
        started_at: start,
        ended_at: end,
        duration_seconds: (end - start) / 1_000,
        ...Object.fromEntries(counts.map((name) => [name, Number(data[name] ?? 0)])),
        ...Object.fromEntries(texts.map((name) => [name, text(data[name])])),
      },
    ];
  },
});

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
