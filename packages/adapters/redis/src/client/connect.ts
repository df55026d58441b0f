import { setTimeout as sleep } from "node:timers/promises";
import { EcapError } from "@ecap/sdk";
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from "ioredis";
import { type RedisStateStoreOptions, redisDefaults } from "../options.ts";

export interface Connected {
  readonly client: Redis | Cluster;
  /** For messages: hosts and ports, never credentials. */
  readonly address: string;
  /** Whether we made the client, and so close it. */
  readonly own: boolean;
}

/** The client that was given, or a new one that connects on first use. */
export function connect(options: RedisStateStoreOptions): Connected {
  const { url, nodes, client } = options;
  const given = [url, nodes, client].filter((each) => each !== undefined).length;
  if (given !== 1) throw invalid("give exactly one of `url`, `nodes` and `client`", "/url");
  if (client !== undefined)
    return { client: checked(client), address: addressOf(client), own: false };
  if (nodes !== undefined)
    return { client: cluster(nodes, options), address: nodes.join(","), own: true };
  return single(url ?? "", options);
}

/** Resolves when the client's sockets are closed. */
export async function disconnect(client: Redis | Cluster): Promise<void> {
  // Between two attempts to connect there is no socket, and no event follows.
  const isOver = client.status === "end" || client.status === "reconnecting";
  const ended = new Promise<void>((resolve) => {
    client.once("end", resolve);
  });
  client.disconnect();
  if (!isOver) await Promise.race([ended, sleep(longestCloseMs, undefined, { ref: false })]);
}

function single(url: string, options: RedisStateStoreOptions): Connected {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    // Not repeated: it may hold a password.
    throw invalid("`url` must look like redis://host:6379", "/url");
  }
  if (!["redis:", "rediss:"].includes(parsed.protocol)) {
    throw invalid(`\`url\` must begin with redis:// or rediss://, not ${parsed.protocol}`, "/url");
  }
  const client = new Redis(url, { ...nodeOptions(options), enableAutoPipelining: true });
  return { client, address: parsed.host, own: true };
}

function cluster(nodes: readonly string[], options: RedisStateStoreOptions): Cluster {
  const clusterOptions: ClusterOptions = {
    lazyConnect: true,
    enableAutoPipelining: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: backoff,
    slotsRefreshTimeout: options.connectTimeoutMs ?? redisDefaults.connectTimeoutMs,
    redisOptions: nodeOptions(options),
  };
  return new Cluster(nodes.map(parseNode), clusterOptions);
}

function parseNode(node: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d+)$/.exec(node);
  if (match?.[1] === undefined) throw invalid(`"${node}" is not host:port`, "/nodes");
  return { host: match[1].replaceAll(/^\[|\]$/g, ""), port: Number(match[2]) };
}

function nodeOptions({
  username,
  password,
  tls,
  commandTimeoutMs = redisDefaults.commandTimeoutMs,
  connectTimeoutMs = redisDefaults.connectTimeoutMs,
}: RedisStateStoreOptions): RedisOptions {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && tls !== false && { tls: tls === true ? {} : tls }),
    lazyConnect: true,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A server that holds the connection and says nothing: what waits for it is dropped with the connection.
    socketTimeout: 2 * commandTimeoutMs,
    retryStrategy: backoff,
    maxRetriesPerRequest: 1,
    // A write that may have been made is reported, not made again behind the caller's back.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
  };
}

const longestBackoffMs = 2_000;
const longestCloseMs = 2_000;

function backoff(attempt: number): number {
  const most = Math.min(longestBackoffMs, 50 * 2 ** Math.min(attempt, 10));
  return Math.round(most * (0.5 + Math.random() / 2));
}

function checked(client: Redis | Cluster): Redis | Cluster {
  const prefix = client.options.keyPrefix ?? "";
  if (prefix === "") return client;
  throw invalid(
    "a client with a `keyPrefix` cannot scan; give `keyPrefix` to the store",
    "/client",
  );
}

function addressOf(client: Redis | Cluster): string {
  if (client instanceof Cluster) return "the given cluster";
  return `${client.options.host ?? "?"}:${client.options.port ?? "?"}`;
}

function invalid(message: string, path: string): EcapError {
  return new EcapError("ECAP_CONFIG_INVALID", message, { path });
}
