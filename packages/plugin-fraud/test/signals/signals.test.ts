import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Transaction } from "../../src/contract.ts";
import { sketchOf, sketchSimilarity } from "../../src/signals/device-signal.ts";
import { entropyOf } from "../../src/signals/email-signal.ts";
import { pack, unpack } from "../../src/signals/packed.ts";
import { paymentSignals } from "../../src/signals/payment-signals.ts";
import { cellOf, distanceKm, placeOfCell } from "../../src/signals/place.ts";

const now = Date.UTC(2026, 2, 3, 12);
const payment: Transaction = { id: "p", time: now, amount: 10 };
const read = (more: Partial<Transaction>, missing: readonly string[] = []) =>
  paymentSignals({ disposableDomains: new Set(["mailinator.com"]) })(
    { ...payment, ...more },
    missing,
  );

describe("e-mail", () => {
  test("of a disposable domain, or one below it, is said to be", () => {
    expect(read({ email: "x@mailinator.com" }).numbers["email_disposable"]).toBe(1);
    expect(read({ email: "x@eu.Mailinator.com " }).numbers["email_disposable"]).toBe(1);
    expect(read({ email: "x@notmailinator.com" }).numbers["email_disposable"]).toBe(0);
  });

  test("is one mailbox however it is tagged and, where the provider ignores them, dotted", () => {
    const keys = ["Ann.Lee@gmail.com", "annlee+shop@gmail.com", "ann.l.ee@GMAIL.com"].map(
      (email) => read({ email }).texts["email.key"],
    );
    expect(new Set(keys).size).toBe(1);
    expect(read({ email: "ann.lee@shop.test" }).texts["email.key"]).not.toBe(
      read({ email: "annlee@shop.test" }).texts["email.key"],
    );
  });

  test("is kept nowhere", () => {
    const found = read({ email: "ann.lee@shop.test", name: "Ann Lee", phone: "+49 170 1234567" });
    expect(JSON.stringify(found)).not.toMatch(/ann|lee|1234567/i);
  });

  test.each([
    ["ann.lee@x.test", "Ann Lee", 1],
    ["lee.ann@x.test", "Ann Lee", 1],
    ["alee@x.test", "Ann Lee", 1],
    ["ann@x.test", "Ånn-Marie Lee", 0.75],
  ])("%s is like the name %s", (email, name, least) => {
    expect(read({ email, name }).numbers["email_name_similarity"]).toBeGreaterThanOrEqual(least);
  });

  test("of nobody's name is not like it", () => {
    const { numbers } = read({ email: "xk29fqw7@x.test", name: "Ann Lee" });
    expect(numbers["email_name_similarity"]).toBeLessThan(0.6);
    expect(numbers["email_digits"]).toBe(3 / 8);
    expect(numbers["email_entropy"]).toBe(3);
  });

  test.each(["", "no address", "@x.test", "a@b", `${"a".repeat(65)}@x.test`, "a b@x.test"])(
    "%j is named as missing",
    (email) => {
      const { numbers, missing } = read({ email });
      expect(numbers["email_disposable"]).toBeUndefined();
      expect(missing).toEqual(expect.arrayContaining([expect.stringContaining("email")]));
    },
  );

  test("entropy is between none and that of all different characters", () => {
    expect(entropyOf("aaaa")).toBe(0);
    expect(entropyOf("abcd")).toBe(2);
  });
});

describe("phone", () => {
  test.each([
    ["+49 (170) 823-9416", 1, 0.3],
    ["5555555", 1, 1],
    ["1234567", 1, 1],
    ["12", 0, 1],
    ["call me", 0, 0],
  ])("%s", (phone, plausible, run) => {
    const { numbers } = read({ phone });
    expect(numbers["phone_plausible"]).toBe(plausible);
    if (run === 1) expect(numbers["phone_run"]).toBe(1);
    else expect(numbers["phone_run"]).toBeLessThanOrEqual(run);
  });

  test("is one however it is written", () => {
    expect(read({ phone: "+49 170 8239416" }).texts["phone.key"]).toBe(
      read({ phone: "49-(170)8239416" }).texts["phone.key"],
    );
  });
});

describe("card", () => {
  test("issuer's number", () => {
    expect(read({ cardBin: "45717360" }).texts["card.bin"]).toBe("45717360");
    const { texts, missing } = read({ cardBin: "4571736000001234" });
    expect(texts["card.bin"]).toBeUndefined();
    expect(missing).toContain("cardBin: not six to eight digits");
  });
});

describe("device", () => {
  const device: Record<string, string | number | boolean> = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`attribute${i}`, `value ${i}`]),
  );

  test("has one fingerprint whatever the order of its attributes", () => {
    const turned = Object.fromEntries(Object.entries(device).toReversed());
    expect(read({ device: turned }).texts).toEqual(read({ device }).texts);
    expect(read({ device: { ...device, attribute3: "other" } }).texts).not.toEqual(
      read({ device }).texts,
    );
  });

  test("that changed a little is alike, and another is not", () => {
    const sketches = Array.from({ length: 200 }, (_, seed) => {
      const tokens = Array.from({ length: 20 }, (__, i) => `attribute${i}=${seed} ${i}`);
      const changed = tokens.with(seed % 20, "attribute=updated");
      const other = tokens.map((token) => `${token} of another`);
      return [tokens, changed, other].map(sketchOf);
    });
    const similarity = (of: 1 | 2): number =>
      sketches.reduce((sum, all) => sum + sketchSimilarity(all[0] ?? 0, all[of] ?? 0), 0) / 200;
    expect(similarity(1)).toBeGreaterThan(0.85);
    expect(similarity(2)).toBeGreaterThan(0.4);
    expect(similarity(2)).toBeLessThan(0.6);
  });
});

describe("session", () => {
  test("says how long and how much", () => {
    const session = { startedAt: now - 90_000, pages: 4, pasted: true };
    expect(read({ session }).numbers).toMatchObject({
      session_seconds: 90,
      session_pages: 4,
      session_pasted: 1,
    });
  });

  test("that began after the payment lasted no time, and what is no number is missing", () => {
    const { numbers, missing } = read({
      session: { startedAt: now + 5, pages: Number.NaN },
    });
    expect(numbers["session_seconds"]).toBe(0);
    expect(missing).toEqual(expect.arrayContaining(["session.pages", "session.pasted"]));
  });
});

const mismatch = (billingCountry?: string, shippingCountry?: string) =>
  read({
    ...(billingCountry !== undefined && { billingCountry }),
    ...(shippingCountry !== undefined && { shippingCountry }),
  }).numbers["billing_shipping_mismatch"];

describe("countries", () => {
  test("of the addresses differ or not, in whatever case", () => {
    expect([mismatch("DE", "de"), mismatch("DE", "FR"), mismatch("DE")]).toEqual([0, 1, undefined]);
  });
});

test("what is packed is unpacked, and the later is the larger", () => {
  const moments = fc.record({
    time: fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2062, 0, 1) }),
    payload: fc.integer({ min: 0, max: 2 ** 28 - 1 }),
  });
  fc.assert(
    fc.property(moments, moments, (a, b) => {
      const [packed = 0, other = 0] = [pack(a.time, a.payload), pack(b.time, b.payload)];
      expect(Number.isSafeInteger(packed)).toBe(true);
      expect(unpack(packed).payload).toBe(a.payload);
      expect(a.time - unpack(packed).time).toBeLessThan(60_000);
      if (a.time - b.time >= 60_000) expect(packed).toBeGreaterThan(other);
    }),
  );
  expect(pack(Date.UTC(1999, 0), 1)).toBeUndefined();
});

test("a cell's middle is near the place, and distances are those of the globe", () => {
  const places = fc.record({
    latitude: fc.double({ min: -89, max: 89, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });
  fc.assert(
    fc.property(places, (place) => {
      expect(distanceKm(place, placeOfCell(cellOf(place)))).toBeLessThan(1.5);
    }),
  );
  const paris = { latitude: 48.8566, longitude: 2.3522 };
  const newYork = { latitude: 40.7128, longitude: -74.006 };
  expect(distanceKm(paris, newYork)).toBeCloseTo(5_837, -1);
  expect(distanceKm(paris, paris)).toBe(0);
});
