import { isWindowFeature } from "@ecap/sdk/features";
import { manualClock, memory } from "@ecap/sdk/memory";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fraudFeatures } from "../src/fraud-features.ts";
import type { PaymentSubject } from "../src/signals/signal.ts";
import { refundOf } from "../src/transaction.ts";

const start = Date.UTC(2026, 0, 1);
const minute = 60_000;
type Timed = PaymentSubject & { readonly time: number };

const payments = fc
  .array(
    fc.record({
      wait: fc.constantFrom(0, 1_000, 5 * minute, 40 * minute, 300 * minute),
      amount: fc.integer({ min: 1, max: 500 }),
      customer: fc.constantFrom("ann", "bob", undefined),
      card: fc.constantFrom("k1", "k2", undefined),
      device: fc.constantFrom("d1", "d2"),
      country: fc.constantFrom("DE", "US"),
      failed: fc.boolean(),
      refund: fc.constantFrom(undefined, undefined, "did not fit", "item not received"),
      again: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((list) => {
    let time = start;
    return list.flatMap(({ wait, customer, card, device, refund, again, ...more }, i) => {
      time += wait;
      const payment: Timed = {
        id: `p${i}`,
        time,
        ...more,
        deviceId: device,
        ...(customer !== undefined && { customerId: customer }),
        ...(card !== undefined && { cardId: card }),
      };
      if (refund !== undefined)
        return refundOf({ id: `r${i}`, tenant: "t", time, customerId: customer, reason: refund });
      return again ? [payment, payment] : [payment];
    });
  });

test("every velocity feature is what a plain count over all payments and refunds gives, repeats counted once", async () => {
  await fc.assert(
    fc.asyncProperty(payments, async (list) => {
      const clock = manualClock(start);
      const { stateStore } = memory({ clock });
      const past: Timed[] = [];
      for (const payment of list) {
        clock.set(payment.time);
        const isRepeat = past.some(({ id }) => id === payment.id);
        const found = await fraudFeatures.contribute(stateStore, {
          tenant: "t",
          id: payment.id,
          at: payment.time,
          subject: payment,
        });
        if (isRepeat) continue;
        expect(found).toMatchObject(naive(past, payment));
        past.push(payment);
      }
    }),
    { numRuns: 60 },
  );
});

/** Each definition read as it is written: the payments of the entity in the window's buckets, filtered, aggregated. */
function naive(past: readonly Timed[], payment: Timed): Record<string, number> {
  return Object.fromEntries(
    fraudFeatures.features
      .filter(isWindowFeature)
      .filter(({ missing }) => missing === undefined)
      .map((feature) => {
        const { name, key, windowMs, bucketMs = windowMs / 12, filter, value } = feature;
        const entity = key(payment);
        const seen = feature.includes === "before" ? past : [...past, payment];
        const bucket = (time: number): number => Math.floor(time / bucketMs);
        const inside = seen.filter(
          (other) =>
            entity !== undefined &&
            key(other) === entity &&
            bucket(other.time) > bucket(payment.time - windowMs) &&
            filter?.(other) !== false,
        );
        const values = inside.map((other) => value?.(other)).filter((each) => each !== undefined);
        const total =
          feature.aggregate === "count"
            ? inside.length
            : feature.aggregate === "sum"
              ? values.reduce((sum: number, each) => sum + Number(each), 0)
              : new Set(values).size;
        return [name, total];
      }),
  );
}
