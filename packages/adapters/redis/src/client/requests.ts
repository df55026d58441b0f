import { EcapError, type Logger } from "@ecap/sdk";
import type { Cluster, Redis } from "ioredis";
import { redisError } from "./redis-error.ts";

export interface Requests {
  /** Runs the call once there is a connection; what goes wrong becomes an EcapError. */
  run<Result>(call: () => Promise<Result>): Promise<Result>;
  /** From now on every call is ECAP_STORAGE_CLOSED. Resolves when those under way are over. */
  close(): Promise<void>;
  /** Stops listening to the client. */
  detach(): void;
}

interface RequestsOptions {
  readonly client: Redis | Cluster;
  readonly address: string;
  readonly timeoutMs: number;
  readonly maxPending: number;
  readonly logger: Logger | undefined;
  /** Runs before the first call, and again until it succeeds. */
  readonly firstCheck: () => Promise<void>;
}

/** Stands before the client: bounds what waits, waits for a connection no longer than a call may take, and gives errors their codes. */
export function createRequests(options: RequestsOptions): Requests {
  const { client, address, timeoutMs, maxPending, firstCheck, logger } = options;
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  let checked = false;
  let checking: Promise<void> | undefined;
  /** What the connection said last, for a call that waited for it in vain. */
  let trouble: Error | undefined;
  const onError = (error: Error): void => {
    // Once an outage, not once an attempt.
    if (trouble === undefined) logger?.warn({ address }, `Redis: ${error.message}`);
    trouble = error;
  };
  const onReady = (): void => {
    trouble = undefined;
  };
  client.on("error", onError);
  client.on("ready", onReady);

  async function connected(): Promise<void> {
    if (client.status === "ready") return;
    if (client.status === "wait" || client.status === "end") client.connect().catch(onError);
    await new Promise<void>((resolve, reject) => {
      const settle = (done: () => void): void => {
        clearTimeout(timer);
        client.off("ready", ready);
        done();
      };
      const ready = (): void => settle(resolve);
      const timer = setTimeout(() => settle(() => reject(unreachable())), timeoutMs);
      client.on("ready", ready);
    });
  }

  function unreachable(): EcapError {
    const because = trouble === undefined ? undefined : redisError(trouble, address);
    if (because?.code === "ECAP_CONFIG_INVALID") return because;
    return new EcapError(
      "ECAP_SERVICE_UNREACHABLE",
      `Redis at ${address} did not answer within ${timeoutMs} ms${trouble === undefined ? "" : `: ${trouble.message}`}`,
      { cause: because },
    );
  }

  async function check(): Promise<void> {
    checking ??= firstCheck().finally(() => {
      checking = undefined;
    });
    await checking;
    checked = true;
  }

  async function attempt<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      if (client.status !== "ready") await connected();
      if (!checked) await check();
      return await call();
    } catch (error) {
      throw redisError(error, address);
    }
  }

  // Many calls may wait for one connection, each with a listener of its own.
  client.setMaxListeners(0);

  return {
    run(call) {
      if (closed)
        return Promise.reject(new EcapError("ECAP_STORAGE_CLOSED", "the state store was closed"));
      if (underWay.size >= maxPending) {
        return Promise.reject(
          new EcapError("ECAP_OVERLOADED", `${maxPending} calls wait for Redis at ${address}`),
        );
      }
      const running = attempt(call);
      underWay.add(running);
      const over = (): void => void underWay.delete(running);
      running.then(over, over);
      return running;
    },
    async close() {
      closed = true;
      await Promise.allSettled(underWay);
    },
    detach() {
      client.off("error", onError);
      client.off("ready", onReady);
    },
  };
}
