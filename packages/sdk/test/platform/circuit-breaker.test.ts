import { expect, test } from "vitest";
import { manualClock } from "../../src/memory/index.ts";
import { createCircuitBreaker } from "../../src/platform/index.ts";

test("opens after failures in a row, lets one trial through after the pause, and closes when it succeeds", () => {
  const clock = manualClock(0);
  const breaker = createCircuitBreaker({ clock, failures: 3, pauseMs: 100 });
  breaker.failed();
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  breaker.failed();
  expect(breaker.state).toBe("closed");
  expect(breaker.allows()).toBe(true);
  breaker.failed();
  expect(breaker.state).toBe("open");
  clock.advance(99);
  expect(breaker.allows()).toBe(false);
  clock.advance(1);
  expect(breaker.allows()).toBe(true);
  expect(breaker.state).toBe("half-open");
  breaker.succeeded();
  expect(breaker.state).toBe("closed");
});

test("the pause doubles while trials fail, up to sixteen times, and begins anew after a success", () => {
  const clock = manualClock(0);
  const breaker = createCircuitBreaker({ clock, failures: 1, pauseMs: 100 });
  const waited: number[] = [];
  breaker.failed();
  for (let trial = 0; trial < 7; trial += 1) {
    const since = clock.now();
    while (!breaker.allows()) clock.advance(10);
    waited.push(clock.now() - since);
    breaker.failed();
  }
  expect(waited).toEqual([100, 200, 400, 800, 1_600, 1_600, 1_600]);
  clock.advance(1_600);
  breaker.allows();
  breaker.succeeded();
  breaker.failed();
  clock.advance(100);
  expect(breaker.allows()).toBe(true);
});
