import { createHash } from "node:crypto";
import { access, copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, run } from "./find-program.ts";
import {
  type Broker,
  brokerProperties,
  saslPassword,
  saslUser,
} from "./kafka/broker-properties.ts";
import type { PlanContext, ProcessPlan, Service } from "./service.ts";

const pom = fileURLToPath(new URL("kafka/pom.xml", import.meta.url));
const copyDependencies = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
/** Any 16 bytes whose base64 does not begin with a minus. */
const clusterId = "RWNhcFRlc3RDbHVzdGVyMQ";

/** Brokers in KRaft mode, each its own controller too, with a plain and a SASL_SSL listener. Clusters of different size keep different data. */
export const kafka: Service = {
  name: "kafka",
  processCount: ({ brokers }) => brokers,
  async plan(context) {
    const java = await findProgram("java", "openjdk-17-jre-headless");
    const classpath = join(await obtainJars(context), "*");
    const dir = join(context.dir, `brokers-${context.brokers}`);
    await mkdir(dir, { recursive: true });
    const certificate = await selfSignedCertificate(dir);
    const brokers: Broker[] = [];
    for (let node = 1; node <= context.brokers; node++) {
      brokers.push({
        node,
        dir: join(dir, String(node)),
        plain: await context.port(`kafka-${node}`, 19_091 + node),
        sasl: await context.port(`kafka-${node}-sasl`, 19_191 + node),
        controller: await context.port(`kafka-${node}-controller`, 19_291 + node),
      });
    }
    const processes = brokers.map(async (broker): Promise<ProcessPlan> => {
      await mkdir(broker.dir, { recursive: true });
      const file = join(broker.dir, "server.properties");
      await writeFile(file, brokerProperties(broker, { brokers, keyStore: certificate.keyStore }));
      const scram = `SCRAM-SHA-256=[name=${saslUser},password=${saslPassword}]`;
      const formatted = join(broker.dir, "data", "meta.properties");
      if (!(await exists(formatted))) {
        await run(java, [
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
          "-cp",
          classpath,
          "kafka.tools.StorageTool",
          "format",
          `--cluster-id=${clusterId}`,
          `--config=${file}`,
          `--add-scram=${scram}`,
        ]);
      }
      return {
        name: `kafka-${broker.node}`,
        command: java,
        args: [...javaOptions, "-cp", classpath, "kafka.Kafka", file],
        dir: broker.dir,
        ready: { kind: "kafka", port: broker.plain, brokers: context.brokers },
      };
    });
    return {
      processes: await Promise.all(processes),
      env: {
        ECAP_TEST_KAFKA_BROKERS: brokers.map(({ plain }) => `127.0.0.1:${plain}`).join(","),
        ECAP_TEST_KAFKA_SASL_BROKERS: brokers.map(({ sasl }) => `localhost:${sasl}`).join(","),
        ECAP_TEST_KAFKA_SASL_USERNAME: saslUser,
        ECAP_TEST_KAFKA_SASL_PASSWORD: saslPassword,
        ECAP_TEST_KAFKA_SASL_CA: certificate.ca,
      },
    };
  },
};

const javaOptions = [
  "-Xmx512m",
  "-XX:+UseG1GC",
  "-XX:MaxGCPauseMillis=20",
  "-Djava.awt.headless=true",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
];

/** The jars the pom names, fetched once. */
async function obtainJars({ cacheDir, say }: PlanContext): Promise<string> {
  const version = createHash("sha256")
    .update(await readFile(pom))
    .digest("hex")
    .slice(0, 12);
  const jars = join(cacheDir, `kafka-${version}`);
  if (await exists(jars)) return jars;
  const maven = await findProgram("mvn", "maven");
  say("kafka: fetching the broker from Maven Central");
  const fetching = `${jars}.${process.pid}`;
  await mkdir(fetching, { recursive: true });
  try {
    await copyFile(pom, join(fetching, "pom.xml"));
    await run(maven, ["-q", "-B", copyDependencies, "-DoutputDirectory=."], { cwd: fetching });
    await rename(fetching, jars);
  } finally {
    await rm(fetching, { recursive: true, force: true });
  }
  return jars;
}

/** For localhost, by its own authority; valid for ten years. */
async function selfSignedCertificate(dir: string): Promise<{ ca: string; keyStore: string }> {
  const ca = join(dir, "ca.pem");
  const keyStore = join(dir, "key-store.pem");
  if (await exists(keyStore)) return { ca, keyStore };
  const key = join(dir, "key.pem");
  await run(await findProgram("openssl", "openssl"), [
    ...words("req -x509 -newkey rsa:2048 -nodes -days 3650"),
    ...words("-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"),
    "-keyout",
    key,
    "-out",
    ca,
  ]);
  await writeFile(keyStore, (await readFile(key, "utf8")) + (await readFile(ca, "utf8")), {
    mode: 0o600,
  });
  return { ca, keyStore };
}

const words = (line: string) => line.split(" ");
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
