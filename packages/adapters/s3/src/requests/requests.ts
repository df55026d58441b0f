import { setTimeout as sleep } from "node:timers/promises";
import type * as api from "@aws-sdk/client-s3";
import type { S3Client } from "@aws-sdk/client-s3";
import { EcapError, type Logger } from "@ecap/sdk";
import { limit } from "./limit.ts";
import { type Failure, failureOf, Refusal } from "./refusal.ts";

export interface Opened {
  readonly api: typeof api;
  readonly client: S3Client;
}

export interface Attempt {
  readonly signal: AbortSignal;
  /** Something came: the time limit begins anew. */
  readonly alive: () => void;
}

export interface Requests {
  /** How messages name the server. */
  readonly server: string;
  /**
   * Sends a request, again while it may succeed later. Throws a {@link Refusal} where the server says no, and ECAP_SERVICE_UNREACHABLE where it has
   * not answered so many times; the request may have been carried out then.
   */
  send<T>(what: string, step: (opened: Opened, attempt: Attempt) => Promise<T>): Promise<T>;
  /** Gives up what is under way. */
  close(): Promise<void>;
}

export interface RequestOptions {
  readonly open: () => Promise<Opened>;
  readonly closeClient: (opened: Opened) => void;
  readonly server: string;
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly logger: Logger;
}

const firstDelayMs = 100;
const longestDelayMs = 5_000;

export function requests(options: RequestOptions): Requests {
  const { server, timeoutMs, retries, logger } = options;
  const inTurn = limit(options.concurrency);
  const underWay = new Set<AbortController>();
  let isClosed = false;
  let opening: Promise<Opened> | undefined;

  const attempt = async <T>(step: (opened: Opened, attempt: Attempt) => Promise<T>) => {
    const opened = await (opening ??= options.open());
    const controller = new AbortController();
    const stop = () => controller.abort();
    underWay.add(controller);
    let timer = setTimeout(stop, timeoutMs);
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(stop, timeoutMs);
    };
    try {
      return await step(opened, { signal: controller.signal, alive });
    } finally {
      clearTimeout(timer);
      underWay.delete(controller);
    }
  };

  const unreachable = (what: string, failure: Failure) =>
    new EcapError(
      "ECAP_SERVICE_UNREACHABLE",
      `${server} could not ${what} in ${retries + 1} attempts: ${failure.reason}: ${failure.message}`,
    );

  const send = async <T>(
    what: string,
    step: (opened: Opened, attempt: Attempt) => Promise<T>,
  ): Promise<T> => {
    let mayBeDone = false;
    for (let tried = 0; ; tried++) {
      if (isClosed) throw closed();
      try {
        return await inTurn(() => attempt(step));
      } catch (error) {
        const failure = failureOf(error);
        if (isClosed) throw closed();
        if (!failure) throw error;
        if (!failure.passes) throw new Refusal(failure, mayBeDone);
        if (!failure.unsent) mayBeDone = true;
        if (tried >= retries) throw unreachable(what, failure);
        logger.debug({ server, what, reason: failure.reason, tried }, "S3 is asked again");
        await pause(tried);
      }
    }
  };

  return {
    server,
    send,
    async close() {
      isClosed = true;
      for (const controller of underWay) controller.abort();
      const opened = await opening?.catch(() => undefined);
      if (opened) options.closeClient(opened);
    },
  };
}

function closed(): EcapError {
  return new EcapError("ECAP_STORAGE_CLOSED", "The object store was closed");
}

/** Longer with every attempt, and different for everyone, so that clients do not come back together. */
async function pause(tried: number): Promise<void> {
  const most = Math.min(longestDelayMs, firstDelayMs * 2 ** tried);
  await sleep(most / 2 + (Math.random() * most) / 2);
}
