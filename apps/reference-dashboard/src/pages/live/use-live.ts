import { useEffect, useState } from "react";
import type { LiveSnapshot } from "../../api/answers.ts";
import { ApiError } from "../../api/api-error.ts";
import { request } from "../../api/request.ts";
import { useExpiry } from "../../session/session-context.ts";

export type Connection = "connecting" | "live" | "reconnecting";

export interface Live {
  readonly connection: Connection;
  readonly snapshot: LiveSnapshot | undefined;
}

const firstWaitMs = 1_000;
const longestWaitMs = 15_000;
/** The server sends one a second; a stream that is silent for so long is dead, whatever the socket says. */
const silenceMs = 8_000;

/** Follows `/v1/live` and comes back by itself, waiting longer each time. */
export function useLive(): Live {
  const expire = useExpiry();
  const [live, setLive] = useState<Live>({ connection: "connecting", snapshot: undefined });

  useEffect(() => {
    let source: EventSource | undefined;
    let timer: number | undefined;
    let waitMs = firstWaitMs;

    function connect(): void {
      source = new EventSource("/v1/live");
      source.addEventListener("snapshot", ({ data }: MessageEvent<string>) => {
        waitMs = firstWaitMs;
        setLive({ connection: "live", snapshot: JSON.parse(data) as LiveSnapshot });
        after(silenceMs, lost);
      });
      source.addEventListener("error", lost);
      after(silenceMs, lost);
    }

    function lost(): void {
      source?.close();
      setLive(({ snapshot }) => ({ connection: "reconnecting", snapshot }));
      after(waitMs, () => void comeBack());
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    }

    // An EventSource does not tell why it failed: asking who is signed in does.
    async function comeBack(): Promise<void> {
      const error = await request("/v1/session").then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (timer === undefined) return;
      if (error instanceof ApiError && error.problem.status === 401) expire();
      else if (error === undefined) connect();
      else lost();
    }

    function after(ms: number, then: () => void): void {
      window.clearTimeout(timer);
      timer = window.setTimeout(then, ms);
    }

    connect();
    return () => {
      window.clearTimeout(timer);
      timer = undefined;
      source?.close();
    };
  }, [expire]);

  return live;
}
