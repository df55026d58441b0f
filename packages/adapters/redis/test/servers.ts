export const skipReason = "needs Redis: npm run services -- up redis redis-cluster";

export const redisUrl = variable("ECAP_TEST_REDIS_URL");
export const clusterNodes = variable("ECAP_TEST_REDIS_CLUSTER")?.split(",");

/** A service that is not there is skipped, except in CI, where it must be. */
function variable(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined && process.env["CI"] === "true") throw new Error(`${name} is not set`);
  return value;
}
