import { EcapError } from "@ecap/sdk";
import { manualClock } from "@ecap/sdk/memory";
import { describe, expect, it } from "vitest";
import { createReadiness, type DependencyCheck } from "../../src/health/readiness.ts";

const at = Date.UTC(2026, 0, 31);
const iso = (later: number) => new Date(at + later).toISOString();
const never = () => new Promise<never>(() => {});

describe("readiness", () => {
  it("says of each dependency how it is, since when, and why", async () => {
    const clock = manualClock(at);
    let down = false;
    const checks: DependencyCheck[] = [
      { name: "steady", needed: true, run: async () => 1 },
      {
        name: "shaky",
        needed: false,
        async run() {
          if (down) throw new EcapError("ECAP_SERVICE_UNREACHABLE", "nobody is there");
        },
      },
    ];
    const readiness = createReadiness({ checks, clock, cacheMs: 0 });
    const steady = { name: "steady", status: "ok", needed: true, since: iso(0) };
    const shaky = { name: "shaky", needed: false };
    expect(await readiness.check()).toEqual([steady, { ...shaky, status: "ok", since: iso(0) }]);
    clock.advance(5_000);
    down = true;
    const failed = {
      ...shaky,
      status: "failed",
      since: iso(5_000),
      message: "ECAP_SERVICE_UNREACHABLE: nobody is there",
    };
    expect(await readiness.check()).toEqual([steady, failed]);
    clock.advance(5_000);
    expect(await readiness.check()).toEqual([steady, failed]);
    down = false;
    expect(await readiness.check()).toEqual([
      steady,
      { ...shaky, status: "ok", since: iso(10_000) },
    ]);
  });

  it("waits for none too long and begins no second run of one that hangs", async () => {
    let runs = 0;
    const hanging = {
      name: "hanging",
      needed: true,
      run() {
        runs += 1;
        return never();
      },
    };
    const fast = { name: "fast", needed: true, run: async () => 1 };
    const clock = manualClock(at);
    const readiness = createReadiness({
      checks: [hanging, fast],
      clock,
      timeoutMs: 20,
      cacheMs: 0,
    });
    for (let i = 0; i < 3; i++) {
      const [first, second] = await readiness.check();
      expect(first).toMatchObject({ status: "failed", message: "no answer within 20 ms" });
      expect(second).toMatchObject({ status: "ok" });
    }
    expect(runs).toBe(1);
  });

  it("asks once for many who ask within a second", async () => {
    let runs = 0;
    const check = {
      name: "counted",
      needed: true,
      async run() {
        runs += 1;
      },
    };
    const readiness = createReadiness({ checks: [check], clock: manualClock(at) });
    await Promise.all(Array.from({ length: 50 }, () => readiness.check()));
    await readiness.check();
    expect(runs).toBe(1);
  });
});
