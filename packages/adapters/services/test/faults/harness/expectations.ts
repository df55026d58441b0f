import { expect } from "vitest";
import type { Verdict } from "./verdict.ts";

/** Services that are missing; in CI that is a failure. */
const missing = ["ECAP_TEST_KAFKA_BROKERS", "ECAP_TEST_REDIS_URL"].filter(
  (name) => process.env[name] === undefined,
);

export const cannotRun = missing.length > 0 && process.env["CI"] !== "true";

const shown = 8;

/** Fails where something is lost, doubled or wrong, and says some of it. */
export function expectNothingWrong(
  { lost, doubled, doubledLive, wrong }: Verdict,
  { mayRepeatSteps = false } = {},
): void {
  const told = [lost, doubled, mayRepeatSteps ? [] : doubledLive, wrong].flatMap((each) =>
    each.slice(0, shown),
  );
  expect(told).toEqual([]);
}

/** What a worker may need, whatever is gone and however much waits. */
export const maxRssBytes = 400 * 2 ** 20;
