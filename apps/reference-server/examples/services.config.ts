// Everything on services that processes share. Copy it to ecap.config.ts; the addresses come from the environment, and fit `npm run services -- up` where
// it says nothing. In production give it credentials of your own, and the secret `jwt-secret` (ECAP_SECRET_JWT_SECRET, or a file of ECAP_SECRETS_DIR).
import { services } from "@ecap/adapter-services";
import { bi } from "@ecap/plugin-bi";
import { customer } from "@ecap/plugin-customer";
import { fraud } from "@ecap/plugin-fraud";
import { governance } from "@ecap/plugin-governance";
import { defineConfig } from "@ecap/reference-server";
import { commerce } from "@ecap/sdk/commerce";

const env = process.env;
const list = (text: string) => text.split(",").map((part) => part.trim());
const { ECAP_KAFKA_USERNAME: username, ECAP_KAFKA_PASSWORD: password } = env;
const { ECAP_S3_ACCESS_KEY: accessKeyId, ECAP_S3_SECRET_KEY: secretAccessKey } = env;
const {
  ECAP_S3_ENDPOINT: endpoint,
  ECAP_POSTGRES_READ_URL: readUrl,
  ECAP_SECRETS_DIR: secretsDir,
} = env;

export default defineConfig({
  adapters: (dir, { logger }) =>
    services({
      dir,
      logger,
      kafka: {
        brokers: list(env["ECAP_KAFKA_BROKERS"] ?? "127.0.0.1:19092"),
        topicPrefix: env["ECAP_KAFKA_TOPIC_PREFIX"] ?? "",
        ...(username && password && { sasl: { mechanism: "scram-sha-256", username, password } }),
        ...(env["ECAP_KAFKA_TLS"] === "true" && { ssl: true }),
      },
      redis: {
        keyPrefix: env["ECAP_REDIS_KEY_PREFIX"],
        ...(env["ECAP_REDIS_NODES"]
          ? { nodes: list(env["ECAP_REDIS_NODES"]), password: env["ECAP_REDIS_PASSWORD"] }
          : { url: env["ECAP_REDIS_URL"] ?? "redis://127.0.0.1:16379" }),
      },
      postgres: {
        connectionString: env["ECAP_POSTGRES_URL"] ?? "postgres://ecap@127.0.0.1:15432/postgres",
        ...(readUrl && { readUrl }),
      },
      s3: {
        bucket: env["ECAP_S3_BUCKET"] ?? "ecap-test",
        prefix: env["ECAP_S3_PREFIX"] ?? "lake",
        region: env["ECAP_S3_REGION"] ?? "us-east-1",
        ...(endpoint && { endpoint }),
        ...(accessKeyId && secretAccessKey && { credentials: { accessKeyId, secretAccessKey } }),
        cacheBytes: Number(env["ECAP_S3_CACHE_BYTES"] ?? 10 * 2 ** 30),
      },
      ...(secretsDir && { secretsDir }),
    }),
  plugins: [commerce(), bi(), customer(), fraud(), governance()],
});
