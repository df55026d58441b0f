import { expect, it } from "vitest";
import { TypeProfile } from "../../src/quality/type-profile.ts";
import { seeded } from "../anomaly/synthetic-series.ts";
import { testEvent } from "./step-fixture.ts";

const random = seeded(3);
const events = Array.from({ length: 6_000 }, (_, i) => {
  const amount = Math.exp(random() * 8);
  return testEvent({
    id: `e${i}`,
    data: {
      customer_id: `c${Math.floor(random() * 3_000)}`,
      country: ["DE", "FR", "IT"][Math.floor(random() * 3)],
      amount: i % 2 === 0 ? amount.toFixed(4) : amount,
      phone: 49_000_000 + i,
      ...(i % 4 === 0 && { coupon: i % 8 === 0 ? null : "X" }),
      lines: [{ price: 1 }, { price: 2, note: "" }],
      nested: { deep: "kept out" },
    },
  });
});
const amounts = events.map(({ data }) => Number(data["amount"])).toSorted((a, b) => a - b);

it("is, in parts that are stored and added up, what it is of the whole, and near the truth", () => {
  const categories = new Set(["country"]);
  const whole = new TypeProfile(categories);
  for (const event of events) whole.add(event);
  const merged = new TypeProfile(categories);
  for (let i = 0; i < events.length; i += 700) {
    const part = new TypeProfile(categories);
    for (const event of events.slice(i, i + 700)) part.add(event);
    merged.merge(TypeProfile.load(JSON.parse(JSON.stringify(part.save())), categories));
  }
  expect(merged.results()).toEqual(whole.results());

  const fields = new Map(merged.results().map((profile) => [profile.field, profile]));
  expect([...fields.keys()]).toEqual([
    "amount",
    "country",
    "coupon",
    "customer_id",
    "lines[].note",
    "lines[].price",
    "nested",
    "phone",
  ]);
  const customers = new Set(events.map(({ data }) => data["customer_id"])).size;
  const distinct = fields.get("customer_id")?.distinct ?? 0;
  expect(Math.abs(distinct / customers - 1)).toBeLessThan(3 * 0.016);
  for (const [share, value] of Object.entries(fields.get("amount")?.quantiles ?? {})) {
    const exact = amounts[Math.floor(Number(share) * (amounts.length - 1))] ?? 0;
    expect(Math.abs(value / exact - 1)).toBeLessThan(0.0101);
  }
  expect(fields.get("coupon")).toMatchObject({ count: 6_000, nulls: 5_250, nullShare: 0.875 });
  expect(fields.get("lines[].note")).toMatchObject({ count: 6_000, nulls: 6_000 });
  const top = fields.get("country")?.top ?? [];
  expect(top.reduce((sum, { count }) => sum + count, 0)).toBe(6_000);
  // Numbers that name someone have no quantiles, and values other than those of categories are nowhere.
  expect(fields.get("phone")?.quantiles).toBeUndefined();
  expect(JSON.stringify(merged.save())).not.toContain("c12");
});

it("is bounded, however many fields there are", () => {
  const profile = new TypeProfile();
  for (let i = 0; i < 40; i += 1) {
    const data = Object.fromEntries(Array.from({ length: 500 }, (_, k) => [`f${i}-${k}`, k]));
    profile.add(testEvent({ id: `e${i}`, data: { ...data, ["n".repeat(10_000)]: 1 } }));
  }
  expect(profile.results()).toHaveLength(60);
});
