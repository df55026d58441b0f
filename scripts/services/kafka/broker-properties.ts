import { join } from "node:path";

export interface Broker {
  readonly node: number;
  readonly dir: string;
  readonly plain: number;
  readonly sasl: number;
  readonly controller: number;
}

export const saslUser = "ecap";
/** Opens a broker on loopback and nothing else. */
export const saslPassword = "ecap-for-tests";

/** server.properties of one broker: defaults of Kafka, but for what a small cluster and quick tests need. */
export function brokerProperties(
  broker: Broker,
  cluster: { readonly brokers: readonly Broker[]; readonly keyStore: string },
): string {
  const replicas = Math.min(3, cluster.brokers.length);
  const properties = {
    "process.roles": "broker,controller",
    "node.id": broker.node,
    "controller.quorum.voters": cluster.brokers
      .map(({ node, controller }) => `${node}@127.0.0.1:${controller}`)
      .join(","),
    "controller.listener.names": "CONTROLLER",
    listeners: [
      `PLAINTEXT://127.0.0.1:${broker.plain}`,
      `SASL_SSL://127.0.0.1:${broker.sasl}`,
      `CONTROLLER://127.0.0.1:${broker.controller}`,
    ].join(","),
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${broker.plain},SASL_SSL://localhost:${broker.sasl}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": `org.apache.kafka.common.security.plain.PlainLoginModule required user_${saslUser}="${saslPassword}";`,
    "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": cluster.keyStore,
    "log.dirs": join(broker.dir, "data"),
    "auto.create.topics.enable": false,
    "default.replication.factor": replicas,
    "min.insync.replicas": Math.max(1, replicas - 1),
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": 5,
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": Math.max(1, replicas - 1),
    "transaction.state.log.num.partitions": 5,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    // Tests of retention need not wait minutes.
    "log.retention.check.interval.ms": 2_000,
    "log.segment.delete.delay.ms": 1_000,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
