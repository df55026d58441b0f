import { EcapError, type Logger, silentLogger } from "@ecap/sdk";
import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from "kafkajs";
import { type Compression, codecOf, compressionNumber } from "./wire/compression.ts";

export interface KafkaEventLogOptions {
  /** `host:port` of some brokers. This, or `client`. */
  readonly brokers?: readonly string[];
  /** A client of kafkajs 2.2.4, with its own settings of connections, TLS and SASL. */
  readonly client?: Kafka;
  /** What brokers call this client in their logs and quotas. Default "ecap". */
  readonly clientId?: string;
  /** TLS: `true`, or options of tls.connect such as `ca`. */
  readonly ssl?: KafkaConfig["ssl"];
  /** For example `{ mechanism: "scram-sha-256", username, password }`. */
  readonly sasl?: SASLOptions;
  /** Begins the name of every topic and group, so that several installations share a cluster. Default none. */
  readonly topicPrefix?: string;
  /** Begins the transactional ids. Default the topic prefix and "ecap". */
  readonly transactionalIdPrefix?: string;
  /** Of new topics. Default: the brokers' `default.replication.factor`. */
  readonly replicationFactor?: number;
  /** Of appended batches. Default "none". */
  readonly compression?: Compression;
  /** Appends wait this long for others to share their batch with. Default 0: for those of the same turn of the event loop, and for as long as a batch is under way. */
  readonly lingerMs?: number;
  /** Default 512 KiB; the brokers' `max.message.bytes` (1 MiB) bounds it. */
  readonly maxBatchBytes?: number;
  /** Bytes that wait to be appended; past it `append` is ECAP_OVERLOADED. Default 64 MiB. */
  readonly maxWaitingBytes?: number;
  /** Produce requests under way a broker; at most one of each partition. Default 2. */
  readonly maxInFlight?: number;
  /** After it an append that Kafka did not acknowledge is ECAP_SERVICE_UNREACHABLE. Default 30 s. */
  readonly appendTimeoutMs?: number;
  /** One request's. Default 30 s. */
  readonly requestTimeoutMs?: number;
  /** Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** How long a crashed processor's transaction may hold up readers of its topics, unless its successor comes earlier. Default 30 s. */
  readonly transactionTimeoutMs?: number;
  /** A group member not heard of for this long is dropped. Default 30 s. */
  readonly sessionTimeoutMs?: number;
  /** How long a group that is dealt anew waits for a member's batch under way. Default 60 s. */
  readonly rebalanceTimeoutMs?: number;
  /** Default 3 s. */
  readonly heartbeatIntervalMs?: number;
  /** Bytes fetched ahead a partition, twice. Default 1 MiB. */
  readonly fetchBytes?: number;
  readonly logger?: Logger;
}

export type Settings = Required<
  Omit<
    KafkaEventLogOptions,
    "brokers" | "client" | "clientId" | "ssl" | "sasl" | "compression" | "connectTimeoutMs"
  >
> & { readonly compression: number };

export function settingsOf(options: KafkaEventLogOptions): Settings {
  const {
    topicPrefix = "",
    transactionalIdPrefix = `${topicPrefix}ecap`,
    replicationFactor = -1,
    compression = "none",
    lingerMs = 0,
    maxBatchBytes = 512 * 1024,
    maxWaitingBytes = 64 * 1024 * 1024,
    maxInFlight = 2,
    appendTimeoutMs = 30_000,
    requestTimeoutMs = 30_000,
    transactionTimeoutMs = 30_000,
    sessionTimeoutMs = 30_000,
    rebalanceTimeoutMs = 60_000,
    heartbeatIntervalMs = Math.min(3_000, sessionTimeoutMs / 3),
    fetchBytes = 1024 * 1024,
    logger = silentLogger,
  } = options;
  const number = compressionNumber(compression);
  codecOf(number);
  return {
    topicPrefix,
    transactionalIdPrefix,
    replicationFactor,
    compression: number,
    lingerMs,
    maxBatchBytes,
    maxWaitingBytes,
    maxInFlight,
    appendTimeoutMs,
    requestTimeoutMs,
    transactionTimeoutMs,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    heartbeatIntervalMs,
    fetchBytes,
    logger,
  };
}

export function clientOf(options: KafkaEventLogOptions): Kafka {
  const { brokers = [], client, clientId = "ecap", ssl, sasl, logger = silentLogger } = options;
  if (client !== undefined) return client;
  if (brokers.length === 0) {
    throw new EcapError("ECAP_CONFIG_INVALID", "kafkaEventLog needs brokers or a client", {
      path: "brokers",
    });
  }
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: options.connectTimeoutMs ?? 10_000,
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    // Retries are made here, where it is known what may be repeated.
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1 },
    logLevel: logLevel.WARN,
    // What kafkajs calls errors are mostly connections that are made again.
    logCreator: () => (entry) => {
      logger.debug({ kafkajs: entry.namespace }, entry.log.message);
    },
  });
}
