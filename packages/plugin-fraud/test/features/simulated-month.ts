import type { Arrival } from "@ecap/sdk/features";
import { simulatedPayments } from "../../scripts/simulated-payments.ts";
import type { PaymentSubject } from "../../src/signals/signal.ts";

const dayMs = 86_400_000;
export const monthBegins = Date.UTC(2026, 0, 1);

/** A month of payments and refunds in order of arrival, late, repeated and overtaken ones among them. */
export function simulatedMonth(): ReadonlyArray<Arrival<PaymentSubject>> {
  const payments = simulatedPayments({
    seed: "month",
    from: monthBegins,
    to: monthBegins + 31 * dayMs,
    ordersPerDay: 100,
    openedAt: monthBegins - 200 * dayMs,
    faults: { late: 0.05, outOfOrder: 0.1, duplicate: 0.05 },
  });
  return [...payments].map(({ transaction: subject, at: arrivedAt }) => ({
    tenant: "t",
    id: subject.id,
    at: subject.time,
    arrivedAt,
    subject,
  }));
}
