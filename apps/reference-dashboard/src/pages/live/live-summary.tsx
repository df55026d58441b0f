import { useEffect, useState } from "react";
import type { LiveSnapshot } from "../../api/answers.ts";
import { formatCount } from "../../format/numbers.ts";
import type { Connection } from "./use-live.ts";

/** Often enough to follow, seldom enough to listen to. */
const everyMs = 20_000;

interface LiveSummaryProps {
  readonly snapshot: LiveSnapshot;
  readonly connection: Connection;
}

/** The moving numbers as a sentence now and then, for who hears the page; a new alert is told with it. */
export function LiveSummary({ snapshot, connection }: LiveSummaryProps) {
  const [told, setTold] = useState(snapshot);
  const isDue = Date.parse(snapshot.at) - Date.parse(told.at) >= everyMs;
  useEffect(() => {
    if (isDue) setTold(snapshot);
  }, [isDue, snapshot]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {connection === "live" &&
        `${formatCount(told.eventsPerSecond)} events a second, ${formatCount(told.ordersLastMinute)} orders this minute, ${formatCount(told.alerts.length)} recent alerts.`}
    </p>
  );
}
