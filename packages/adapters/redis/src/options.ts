import type { ConnectionOptions } from "node:tls";
import type { Clock, Logger } from "@ecap/sdk";
import type { Cluster, Redis } from "ioredis";

export interface RedisStateStoreOptions {
  /** One server, `redis://user:password@host:6379/0` or `rediss://` for TLS. Exactly one of `url`, `nodes` and `client` is given. */
  readonly url?: string | undefined;
  /** Some nodes of a cluster, `host:port`; the rest are found through them. */
  readonly nodes?: readonly string[] | undefined;
  /** A client you made, with its own timeouts and without a `keyPrefix`; `close` leaves it open. */
  readonly client?: Redis | Cluster | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** TLS for `nodes`, or its settings for `url`. */
  readonly tls?: boolean | ConnectionOptions | undefined;
  /** Before every key in Redis; without braces. */
  readonly keyPrefix?: string | undefined;
  /** Decides expiry. */
  readonly clock?: Clock | undefined;
  /** Whether Redis also removes what expired, by its own clock. Right where `clock` runs with it; default: where it is the system clock. */
  readonly expireInRedis?: boolean | undefined;
  /** How long one call may take, waiting for a connection included. */
  readonly commandTimeoutMs?: number | undefined;
  readonly connectTimeoutMs?: number | undefined;
  /** Calls under way or waiting for a connection; one more is ECAP_OVERLOADED. */
  readonly maxPending?: number | undefined;
  /** `flush` waits until this many replicas of each master have what was written. */
  readonly waitReplicas?: number | undefined;
  /** Accept a server that may evict keys when memory runs out, and so forget state. */
  readonly allowEviction?: boolean | undefined;
  readonly logger?: Logger | undefined;
}

export const redisDefaults = {
  keyPrefix: "ecap/",
  commandTimeoutMs: 2_000,
  connectTimeoutMs: 5_000,
  maxPending: 10_000,
  waitReplicas: 0,
} as const;
