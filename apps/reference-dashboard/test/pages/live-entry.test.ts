import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newestFirst, toLiveDecision, toLiveOrder } from "../../src/pages/live/live-entry.ts";

const frame = { id: "e", type: "t", time: "2026-11-22T10:00:00.000Z" };

describe("live entries", () => {
  it("tell an order", () => {
    const data = {
      order_id: "o-1",
      total: "95.98",
      currency: "EUR",
      country: "DE",
      products: [{ quantity: 2 }, {}],
    };
    expect(toLiveOrder({ ...frame, data })).toEqual({
      id: "e",
      time: Date.parse(frame.time),
      order: "o-1",
      total: { amount: "95.98", currency: "EUR" },
      items: 3,
      country: "DE",
    });
  });

  it("tell a decision, and that the model was not asked", () => {
    const reasons = [{ code: "CARD_VELOCITY", detail: "5 payments", points: 45 }];
    const data = {
      transaction_id: "p",
      outcome: "decline",
      score: 90,
      reasons,
      amount: 9.5,
      currency: "EUR",
      degraded: "no model",
    };
    expect(toLiveDecision({ ...frame, data })).toMatchObject({
      outcome: "decline",
      score: 90,
      isDegraded: true,
      amount: { amount: "9.5" },
    });
  });

  it("make something of whatever a shop sends", () => {
    const data = fc.dictionary(
      fc.constantFrom(
        "order_id",
        "total",
        "currency",
        "products",
        "reasons",
        "outcome",
        "score",
        "amount",
      ),
      fc.anything(),
    );
    fc.assert(
      fc.property(data, (sent) => {
        const { total, items } = toLiveOrder({ ...frame, data: sent });
        expect(Number.isNaN(items)).toBe(false);
        expect(total === undefined || Number.isFinite(Number(total.amount))).toBe(true);
        expect(
          toLiveDecision({ ...frame, data: sent }).reasons.every(({ code }) => code !== ""),
        ).toBe(true);
      }),
    );
  });

  it("come newest first and once", () => {
    const listed = newestFirst([
      { id: "a", time: 1 },
      { id: "b", time: 3 },
      { id: "a", time: 1 },
    ]);
    expect(listed.map(({ id }) => id)).toEqual(["b", "a"]);
  });
});
