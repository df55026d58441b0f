import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { createJobScheduler, type JobScheduler, nextDue } from "../../src/jobs/job-scheduler.ts";
import { manualClock, memoryStateStore } from "../../src/memory/index.ts";
import type { Job } from "../../src/plugin/index.ts";
import { silentLogger } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";

const clock = manualClock(Date.UTC(2026, 0, 15, 12, 30));
const running: JobScheduler[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((scheduler) => scheduler.stop()));
});

function schedulers(count: number, jobs: readonly Job[]): readonly JobScheduler[] {
  const stateStore = memoryStateStore({ clock });
  const made = Array.from({ length: count }, () =>
    createJobScheduler({ jobs, stateStore, clock, logger: silentLogger, tickMs: 2 }),
  );
  running.push(...made);
  return made;
}

function one(job: Partial<Job>): JobScheduler {
  const [scheduler] = schedulers(1, [
    { name: "job", schedule: { everyMs: 1_000 }, run: async () => {}, ...job },
  ]);
  return scheduler ?? expect.fail();
}

const at = (text: string): number => Date.parse(`${text}Z`);
const cron = (expression: string): Job => ({
  name: "j",
  schedule: { cron: expression },
  run: async () => {},
});

describe("when a job is due", () => {
  test.each([
    ["0 * * * *", "2026-01-15T12:30:00", "2026-01-15T13:00:00"],
    ["30 12 * * *", "2026-01-15T12:30:00", "2026-01-16T12:30:00"],
    ["0 3 * * 1", "2026-01-15T12:30:00", "2026-01-19T03:00:00"],
    ["0 0 29 2 *", "2026-01-15T12:30:00", "2028-02-29T00:00:00"],
    ["*/15 * * * *", "2026-03-29T00:50:00", "2026-03-29T01:00:00"],
    ["30 2 * * *", "2026-03-28T02:30:00", "2026-03-29T02:30:00"],
  ])(
    "%s after %s is %s, in UTC whatever the zone and its summer time",
    (expression, last, next) => {
      expect(nextDue(cron(expression), at(last), at(last))).toBe(at(next));
    },
  );

  test("an interval counts from the last start, and begins at once", () => {
    const job: Job = { name: "j", schedule: { everyMs: 500 }, run: async () => {} };
    expect(nextDue(job, undefined, 7_000)).toBe(7_000);
    expect(nextDue(job, 6_900, 7_000)).toBe(7_400);
  });

  test.each([
    [{ cron: "every day" }],
    [{ cron: "61 * * * *" }],
    [{ cron: "0 0 31 2 *" }],
    [{ everyMs: 0 }],
    [{ everyMs: Number.NaN }],
  ])("%j is refused at once", (schedule) => {
    expect(() => one({ schedule })).toThrow(
      expect.objectContaining({ code: "ECAP_PLUGIN_INVALID" }) as Error,
    );
  });

  test("two jobs of one name are refused", () => {
    const job: Job = { name: "j", schedule: { everyMs: 500 }, run: async () => {} };
    expect(() => schedulers(1, [job, { ...job }])).toThrow(/two jobs named "j"/);
  });
});

describe("a job", () => {
  test("is run once by two schedulers, again when it is due, and keeps its history", async () => {
    let runs = 0;
    const job: Job = {
      name: "count",
      schedule: { everyMs: 60_000 },
      run: async () => {
        runs += 1;
        await sleep(20);
        return { runs };
      },
    };
    const both = schedulers(3, [job]);
    for (const scheduler of both) scheduler.start();
    await eventually(() => expect(runs).toBe(1));
    await sleep(80);
    expect(runs).toBe(1);
    clock.advance(60_000);
    await eventually(async () => expect(await both[0]?.history("count")).toHaveLength(2));
    await sleep(40);
    expect(runs).toBe(2);
    const history = (await both[1]?.history("count")) ?? [];
    expect(history.map(({ outcome, attempts, report }) => [outcome, attempts, report])).toEqual([
      ["succeeded", 1, { runs: 2 }],
      ["succeeded", 1, { runs: 1 }],
    ]);
  });

  test("under way elsewhere is a conflict; asked for twice here it is one run", async () => {
    let runs = 0;
    const job: Job = {
      name: "slow",
      schedule: { everyMs: 1e9 },
      run: async () => {
        runs += 1;
        await sleep(50);
      },
    };
    const [here, there] = schedulers(2, [job]);
    const first = here?.runNow("slow");
    const second = here?.runNow("slow");
    await sleep(10);
    await expect(there?.runNow("slow")).rejects.toMatchObject({ code: "ECAP_CONFLICT" });
    expect(await second).toEqual(await first);
    expect(runs).toBe(1);
    await expect(here?.runNow("unheard")).rejects.toMatchObject({ code: "ECAP_NOT_FOUND" });
  });

  test("whose instance died is taken over when its lease ends", async () => {
    const stateStore = memoryStateStore({ clock });
    const hung: Job = {
      name: "j",
      schedule: { everyMs: 1e9 },
      timeoutMs: 1_000,
      run: () => new Promise(() => {}),
    };
    const jobs = (run: Job["run"]) => [{ ...hung, run }];
    const shared = { stateStore, clock, logger: silentLogger };
    const dead = createJobScheduler({ ...shared, jobs: jobs(hung.run) });
    void dead.runNow("j");
    await sleep(5);
    const heir = createJobScheduler({ ...shared, jobs: jobs(async () => ({ by: "heir" })) });
    await expect(heir.runNow("j")).rejects.toMatchObject({ code: "ECAP_CONFLICT" });
    clock.advance(61_001);
    expect((await heir.runNow("j")).report).toEqual({ by: "heir" });
    await dead.stop();
    expect(await heir.history("j")).toHaveLength(1);
  });

  test("that fails is tried again, and the failure is kept", async () => {
    let tries = 0;
    const flaky = one({
      retries: 1,
      run: async () => {
        tries += 1;
        if (tries === 1) throw new Error("not yet");
        return { tries };
      },
    });
    expect(await flaky.runNow("job")).toMatchObject({ outcome: "succeeded", attempts: 2 });
    const broken = one({
      retries: 0,
      run: () => {
        throw new Error("never");
      },
    });
    expect(await broken.runNow("job")).toMatchObject({
      outcome: "failed",
      attempts: 1,
      error: "never",
    });
    expect(await broken.history("job")).toMatchObject([{ outcome: "failed", error: "never" }]);
  });

  test("past its time limit is told to stop and counted as timed out, without another try", async () => {
    let told = false;
    const slow = one({
      timeoutMs: 20,
      run: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            told = true;
          });
        }),
    });
    expect(await slow.runNow("job")).toMatchObject({ outcome: "timed-out", attempts: 1 });
    expect(told).toBe(true);
  });

  test("is told to stop on shutdown, and not begun again", async () => {
    let begun = 0;
    const scheduler = one({
      run: () => {
        begun += 1;
        throw new Error("fails");
      },
    });
    const run = scheduler.runNow("job");
    await sleep(20);
    await scheduler.stop();
    await run;
    expect(begun).toBe(1);
  });

  test("keeps its last twenty runs", async () => {
    const scheduler = one({});
    for (let i = 0; i < 25; i += 1) await scheduler.runNow("job");
    expect(await scheduler.history("job")).toHaveLength(20);
  });
});
