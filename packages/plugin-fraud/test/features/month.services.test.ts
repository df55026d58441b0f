import { redisStateStore } from "@ecap/adapter-redis";
import { compareSides } from "@ecap/sdk/features";
import { manualClock } from "@ecap/sdk/memory";
import { uniqueName } from "@ecap/sdk/testing";
import { expect, test } from "vitest";
import { fraudFeatures } from "../../src/fraud-features.ts";
import { monthBegins, simulatedMonth } from "./simulated-month.ts";

const url = process.env["ECAP_TEST_REDIS_URL"];
// In CI it must be there.
const isSkipped = url === undefined && process.env["CI"] !== "true";

test.skipIf(isSkipped)(
  "every value of a month is the same online (Redis; ECAP_TEST_REDIS_URL) and offline",
  async () => {
    const clock = manualClock(monthBegins);
    const keyPrefix = `ecap-test/${uniqueName("month")}/`;
    const store = redisStateStore({ url, clock, keyPrefix });
    try {
      const month = simulatedMonth();
      const proof = await compareSides(fraudFeatures, month, (arrival) => {
        clock.set(Math.max(clock.now(), arrival.arrivedAt));
        return fraudFeatures.contribute(store, arrival);
      });
      expect(proof).toMatchObject({ compared: month.length, unequal: 0, examples: [] });
    } finally {
      const names = await store.client.keys(`${keyPrefix}*`);
      for (let i = 0; i < names.length; i += 1_000)
        await store.client.unlink(...names.slice(i, i + 1_000));
      await store.close();
    }
  },
);
