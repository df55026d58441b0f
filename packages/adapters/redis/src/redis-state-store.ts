import {
  EcapError,
  oneGroup,
  type StateChange,
  type StateGuard,
  type StateStore,
  systemClock,
} from "@ecap/sdk";
import type { Cluster, Redis } from "ioredis";
import { connect, disconnect } from "./client/connect.ts";
import { assertNoEviction } from "./client/eviction.ts";
import { createRequests } from "./client/requests.ts";
import { type RedisStateStoreOptions, redisDefaults } from "./options.ts";
import { runScript, scripts } from "./scripts/script.ts";
import { checkContribution, contribute } from "./state/contribute.ts";
import { groupWrite } from "./state/group-write.ts";
import { keyLayout } from "./state/key-layout.ts";
import { readEntries } from "./state/read-entries.ts";
import { mastersOf, scan } from "./state/scan.ts";
import { createVersions, encodeValue, lastChanges } from "./state/stored-value.ts";

export interface RedisStateStore extends StateStore {
  /** The raw client. */
  readonly client: Redis | Cluster;
  /** Waits for the calls under way and closes the connection, unless the client was given. */
  close(): Promise<void>;
}

/** Nothing lives longer in Redis than this, about three thousand years. */
const longestTtlMs = 1e14;
/** A key lives in Redis this much longer than it counts, so that clocks that differ a little take nothing away. */
const slackMs = 1_000;

/**
 * A StateStore on one Redis server or a Redis Cluster. Nothing is connected before the first call.
 *
 * Errors: ECAP_SERVICE_UNREACHABLE (retryable) where Redis does not answer in time, and then a write may or may not have been made;
 * ECAP_STORAGE_FULL at `maxmemory`; ECAP_OVERLOADED with more than `maxPending` calls under way; ECAP_CONFIG_INVALID for wrong credentials
 * or a server that may evict state.
 */
export function redisStateStore(options: RedisStateStoreOptions): RedisStateStore {
  const {
    keyPrefix = redisDefaults.keyPrefix,
    clock = systemClock,
    expireInRedis = clock === systemClock,
    commandTimeoutMs = redisDefaults.commandTimeoutMs,
    maxPending = redisDefaults.maxPending,
    waitReplicas = redisDefaults.waitReplicas,
    allowEviction = false,
    logger,
  } = options;
  const layout = keyLayout(keyPrefix);
  const { client, address, own } = connect(options);
  const nextVersion = createVersions();
  const requests = createRequests({
    client,
    address,
    timeoutMs: commandTimeoutMs,
    maxPending,
    logger,
    firstCheck: async () => {
      if (!allowEviction) await assertNoEviction(mastersOf(client), address);
    },
  });

  function timeToLive({ value, expiresAt }: StateChange, now: number): number | "" {
    if (value === undefined || expiresAt === undefined || !expireInRedis) return "";
    const ttl = Math.ceil(Math.max(0, expiresAt - now)) + slackMs;
    return ttl < longestTtlMs ? ttl : "";
  }

  async function writeKey(change: StateChange, expected: string | undefined, redisKey: string) {
    const version = nextVersion();
    const { value, expiresAt } = change;
    const stored = value === undefined ? "" : encodeValue(value, version, expiresAt);
    const written = await requests.run(() => {
      const now = clock.now();
      const ttl = timeToLive(change, now);
      const args = [now, expected ?? "", version, stored, ttl];
      return runScript(client, scripts.writeKey, { keys: [redisKey], args });
    });
    return written === 1 ? version : undefined;
  }

  async function writeFields(changes: readonly StateChange[], guard: StateGuard) {
    const version = nextVersion();
    const { keys, args } = groupWrite(lastChanges(changes), guard, { layout, version });
    const written = await requests.run(() =>
      runScript(client, scripts.writeGroup, {
        keys,
        args: [clock.now(), guard.expected ?? "", version, ...args],
      }),
    );
    return written === 1 ? version : undefined;
  }

  return {
    client,
    get: (keys) => requests.run(() => readEntries(keys, { client, layout, now: clock.now() })),
    compareAndSet(change, expected) {
      const place = layout.place(change.key);
      if (place.kind === "plain") return writeKey(change, expected, place.redisKey);
      return writeFields([change], { key: change.key, expected });
    },
    async writeGroup(changes, guard) {
      oneGroup([guard.key, ...changes.map(({ key }) => key)]);
      return writeFields(changes, guard);
    },
    scan: (prefix) => scan(prefix, { client, layout, clock, requests }),
    async contribute(contribution) {
      checkContribution(contribution);
      return requests.run(() =>
        contribute(contribution, { client, layout, now: clock.now(), expireInRedis }),
      );
    },
    flush: () =>
      requests.run(async () => {
        if (waitReplicas === 0) return;
        // On the connections that wrote: WAIT is about the writes before it.
        const half = Math.ceil(commandTimeoutMs / 2);
        const reached = await Promise.all(
          mastersOf(client).map((node) => node.wait(waitReplicas, half)),
        );
        const fewest = Math.min(...reached);
        if (fewest >= waitReplicas) return;
        throw new EcapError(
          "ECAP_SERVICE_UNREACHABLE",
          `Redis at ${address}: ${fewest} of ${waitReplicas} replicas have the writes after ${half} ms`,
        );
      }),
    async close() {
      await requests.close();
      if (own) await disconnect(client);
      requests.detach();
    },
  };
}
