/** Services that are missing; in CI that is a failure. */
const missing = ["ECAP_TEST_KAFKA_BROKERS", "ECAP_TEST_REDIS_URL"].filter(
  (name) => process.env[name] === undefined,
);

export const cannotRun = missing.length > 0 && process.env["CI"] !== "true";

export const nothingWrong = { lost: [], doubled: [], wrong: [] };

/** What a worker may need, whatever is gone and however much waits. */
export const maxRssBytes = 400 * 2 ** 20;
