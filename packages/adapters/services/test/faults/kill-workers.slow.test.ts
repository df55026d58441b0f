import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { cannotRun, expectNothingWrong } from "./harness/expectations.ts";
import { faultRun, type Recovery } from "./harness/fault-run.ts";
import { report, rounds } from "./harness/report.ts";
import { differences, resultsOf, undisturbedResults } from "./harness/twin.ts";

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
      report("kill -9 of a worker", { times: rounds, run, verdict, recoveries });
      const names = ["windows", "windows-late", "sessions", "sessions-late", "counted"];
      const results = await resultsOf(run, names);
      const undisturbed = await undisturbedResults(run, names);
      const different = differences(results, undisturbed);
      process.stdout.write(
        `${results.length} results, ${different.length} unlike those of an undisturbed run\n`,
      );
      expect(different.slice(0, 10)).toEqual([]);
      expectNothingWrong(verdict);
    } finally {
      await run.close();
    }
  },
  3_600_000,
);
