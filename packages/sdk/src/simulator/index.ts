/**
 * A seeded shop that makes traffic: the same seed gives the same bytes.
 *
 * ```ts
 * for (const { at, payload, label, fault } of simulate({ seed: 1, from, to, ordersPerDay: 500, faults: { duplicate: 0.01 } })) {
 *   // payload is what a client of Segment's tracking API would send at the instant `at`; label is the truth about a fraud.
 * }
 * for await (const batch of simulateLive(demoTrickle(Date.now(), historyEndedAt), { signal })) await send(batch.map(({ payload }) => payload));
 * ```
 */
export * from "./demo.ts";
export * from "./options.ts";
export * from "./simulate.ts";
export * from "./simulate-live.ts";
export * from "./simulated-event.ts";
