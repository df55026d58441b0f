import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { postgresDatabase } from "@ecap/adapter-postgres";
import { s3ObjectStore } from "@ecap/adapter-s3";
import { sql } from "kysely";

const env = process.env;
const addresses = ["KAFKA_BROKERS", "REDIS_URL", "POSTGRES_URL", "S3_ENDPOINT"];

/** Variables of services that do not run here; none where a deployment can. */
export const missingServices = addresses
  .map((name) => `ECAP_TEST_${name}`)
  .filter((name) => env[name] === undefined);

/** Skips where services are missing, but in CI, where that is a failure. */
export const cannotDeploy = missingServices.length > 0 && env["CI"] !== "true";

export interface Deployment {
  /** Addresses for `examples/services.config.ts`, on parts of the services that are the test's own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: string;
  /** Removes the database and the objects. */
  close(): Promise<void>;
}

/** On the services that run here, or on those whose ECAP_TEST_… variables are given. */
export async function testDeployment(
  of: Readonly<Record<string, string | undefined>> = env,
): Promise<Deployment> {
  if (missingServices.length > 0) throw new Error(`${missingServices.join(", ")} not set`);
  const id = randomUUID().slice(0, 8);
  const server = of["ECAP_TEST_POSTGRES_URL"] ?? "";
  const database = `ecap_test_${id}`;
  await onServer(server, `create database ${database}`);
  const s3 = {
    bucket: of["ECAP_TEST_S3_BUCKET"] ?? "",
    endpoint: of["ECAP_TEST_S3_ENDPOINT"] ?? "",
    accessKeyId: of["ECAP_TEST_S3_ACCESS_KEY"] ?? "",
    secretAccessKey: of["ECAP_TEST_S3_SECRET_KEY"] ?? "",
    prefix: `deployment/${id}`,
  };
  return {
    config: join(import.meta.dirname, "../../examples/services.config.ts"),
    env: {
      ECAP_KAFKA_BROKERS: of["ECAP_TEST_KAFKA_BROKERS"],
      ECAP_KAFKA_TOPIC_PREFIX: `deployment-${id}-`,
      ECAP_REDIS_URL: of["ECAP_TEST_REDIS_URL"],
      ECAP_REDIS_KEY_PREFIX: `deployment-${id}/`,
      ECAP_POSTGRES_URL: server.replace(/\/[^/]*$/, `/${database}`),
      ECAP_S3_ENDPOINT: s3.endpoint,
      ECAP_S3_ACCESS_KEY: s3.accessKeyId,
      ECAP_S3_SECRET_KEY: s3.secretAccessKey,
      ECAP_S3_BUCKET: s3.bucket,
      ECAP_S3_PREFIX: s3.prefix,
      ECAP_SECRET_JWT_SECRET: "a secret for tests alone, the same in all of them",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    async close() {
      const { bucket, endpoint, prefix, ...credentials } = s3;
      const objects = s3ObjectStore({ bucket, endpoint, prefix, region: "us-east-1", credentials });
      for await (const { key } of objects.list("")) await objects.delete(key);
      await objects.close();
      await onServer(server, `drop database ${database} with (force)`);
    },
  };
}

async function onServer(connectionString: string, statement: string): Promise<void> {
  const database = postgresDatabase({ connectionString });
  await sql.raw(statement).execute(await database.open("deployment_tests", []));
  await database.close();
}
