import { EcapError } from "@ecap/sdk";
import type { Kafka } from "kafkajs";
import { fixConnections } from "./connection-fixes.ts";
import type { WireBroker, WireCluster, WireRequest } from "./kafkajs-types.ts";
import { metadataRequest } from "./metadata-request.ts";

/**
 * Connections to the brokers of a cluster, two a broker, each of which takes one request after the other: a request that waits at the
 * broker (a long poll, a member joining) holds up those behind it. What must not wait for each other has links of its own.
 */
export interface Link {
  /** Any broker that is reachable. */
  any(): Promise<WireBroker>;
  /** The broker of this number. `topic` is one that exists, to ask the cluster about. */
  node(nodeId: number, topic: string): Promise<WireBroker>;
  send<T>(broker: WireBroker, request: WireRequest<T>): Promise<T>;
  /** Closes every socket; requests under way reject. */
  close(): void;
}

/** Api keys and the versions used of them: those every broker from 2.5 to 4.x speaks. */
const needed = [
  { name: "Produce", key: 0, version: 7 },
  { name: "Fetch", key: 1, version: 11 },
  { name: "OffsetFetch", key: 9, version: 7 },
  { name: "TxnOffsetCommit", key: 28, version: 3 },
] as const;

export function openLink(kafka: Kafka): Link {
  const cluster = createCluster(kafka);
  fixConnections(cluster);
  const { brokerPool } = cluster;
  let closed = false;
  let refreshing: Promise<void> | undefined;

  function assertOpen(): void {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the event log was closed");
  }

  /** Learns the brokers' present addresses. */
  async function refresh(topic: string): Promise<void> {
    refreshing ??= brokerPool.refreshMetadata([topic]).finally(() => {
      refreshing = undefined;
    });
    await refreshing;
  }

  const link: Link = {
    async any() {
      assertOpen();
      await cluster.connect();
      const broker = await brokerPool.findConnectedBroker();
      assertSpoken(broker);
      return broker;
    },
    async node(nodeId, topic) {
      assertOpen();
      const id = String(nodeId);
      if (brokerPool.brokers[id] === undefined) {
        await link.any();
        await refresh(topic);
      }
      try {
        return await brokerPool.findBroker({ nodeId: id });
      } catch (error) {
        await link.any();
        await refresh(topic).catch(() => undefined); // the first error says more
        throw error;
      }
    },
    async send(broker, request) {
      assertOpen();
      return broker.connectionPool.send(request);
    },
    close() {
      closed = true;
      const brokers = [brokerPool.seedBroker, ...Object.values(brokerPool.brokers)];
      for (const broker of brokers) {
        for (const { socket, requestQueue } of broker?.connectionPool.pool ?? []) {
          // kafkajs itself waits for every answer before it closes, a long poll's too.
          requestQueue.rejectAll(new EcapError("ECAP_STORAGE_CLOSED", "the event log was closed"));
          socket?.destroy();
        }
      }
      cluster.disconnect().catch(() => undefined);
    },
  };
  return link;
}

/** Asks a broker about topics; all of the cluster's where `topics` is undefined. */
export async function fetchMetadata(link: Link, topics: readonly string[] | undefined) {
  return link.send(await link.any(), metadataRequest(topics));
}

/** What `new Kafka()` makes its producers and consumers with. */
function createCluster(kafka: Kafka): WireCluster {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === "private:Kafka:createCluster",
  );
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== "function") {
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      "this is no client of kafkajs 2.2.4: its clusters cannot be found",
      { path: "client" },
    );
  }
  return create({ allowAutoTopicCreation: false, metadataMaxAge: 300_000 });
}

function assertSpoken({ versions }: WireBroker): void {
  if (versions === null) return;
  const missing = needed.find(({ key, version }) => {
    const spoken = versions[key];
    return spoken === undefined || spoken.minVersion > version || spoken.maxVersion < version;
  });
  if (missing === undefined) return;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `the broker does not speak version ${missing.version} of ${missing.name}: Kafka 2.5 or later is needed`,
    { received: versions[missing.key], path: "brokers" },
  );
}
