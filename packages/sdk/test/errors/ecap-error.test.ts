import { expect, test } from "vitest";
import { EcapError, errorTable, isEcapError } from "../../src/errors/index.ts";

test("every error has a status, says what to do, and only those a wait can mend say so", () => {
  for (const [code, { status, help }] of Object.entries(errorTable)) {
    expect(code).toMatch(/^ECAP_[A-Z_]+$/);
    expect(status, code).toBeGreaterThanOrEqual(400);
    expect(status, code).toBeLessThan(600);
    expect(help, code).toMatch(/^[A-Z].{10,}\.$/);
  }
  for (const code of ["ECAP_OVERLOADED", "ECAP_RATE_LIMITED", "ECAP_STORAGE_FULL"] as const)
    expect(errorTable[code].retryable).toBe(true);
});

test("an error carries its code's entry, what came and why", () => {
  const cause = new Error("deep");
  const error = new EcapError("ECAP_EVENT_INVALID", "no", { cause, path: "/a", received: 3 });
  expect(error).toMatchObject({
    name: "EcapError",
    status: 422,
    retryable: false,
    path: "/a",
    received: 3,
    cause,
  });
  expect(error.help).toBe(errorTable.ECAP_EVENT_INVALID.help);
  expect(isEcapError(error)).toBe(true);
  expect(isEcapError(error, "ECAP_EVENT_INVALID")).toBe(true);
  expect(isEcapError(error, "ECAP_INTERNAL")).toBe(false);
  expect(isEcapError(cause)).toBe(false);
  expect(Object.hasOwn(new EcapError("ECAP_INTERNAL", "x"), "cause")).toBe(false);
});
