import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { cannotRun, expectNothingWrong } from "./harness/expectations.ts";
import { faultRun, type Recovery } from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";
import { resultsOf, undisturbedResults } from "./harness/twin.ts";

const longestWaitMs = 1_500;

it.skipIf(cannotRun)(
  `counts each event once through ${rounds} kill -9 of two workers on Kafka and Redis`,
  async () => {
    const run = await faultRun({ env: process.env });
    const recoveries: Recovery[] = [];
    try {
      for (let round = 0; round < rounds; round += 1) {
        await sleep(Math.random() * longestWaitMs);
        const victims = Math.random() < 0.2 ? [0, 1] : [Math.floor(Math.random() * 2)];
        await Promise.all(victims.map(async (place) => run.workers[place]?.end("SIGKILL")));
        for (const place of victims) run.start(place);
        // Every other round the next kill comes whatever the group is at.
        if (round % 2 === 0) recoveries.push(await run.recovery());
      }
      const verdict = await run.finish();
      const names = ["windows", "windows-late", "sessions", "sessions-late", "counted"];
      const undisturbed = await undisturbedResults(run, names);
      const more = `${undisturbed.length} results equal those of an undisturbed run`;
      report("kill -9 of a worker", { times: rounds, run, verdict, recoveries, more });
      expectNothingWrong(verdict);
      expect(await resultsOf(run, names)).toEqual(undisturbed);
    } finally {
      await run.close();
    }
  },
  3_600_000,
);
