import { afterAll, beforeAll, describe } from "vitest";
import type { Config } from "../../src/config/define-config.ts";
import { cannotDeploy, type Deployment, testDeployment } from "../support/deployment.ts";
import { startTestServer } from "../support/test-server.ts";
import { realClients } from "./real-clients.ts";

describe.skipIf(cannotDeploy)("on services", () => {
  let deployment: Deployment;
  beforeAll(async () => {
    deployment = await testDeployment();
    Object.assign(process.env, deployment.env);
  });
  afterAll(() => deployment.close());

  realClients("on Kafka, Redis, PostgreSQL and S3", async () => {
    const loaded = (await import(deployment.config)) as { readonly default: Config };
    return startTestServer({ config: loaded.default });
  });
});
