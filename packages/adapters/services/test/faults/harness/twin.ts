import { eventually, readTopic } from "@ecap/sdk/testing";
import { type FaultRun, faultRun } from "./fault-run.ts";
import { sourcePartitions } from "./topologies.ts";

/** The bytes of all results of the topics, in order. */
export async function resultsOf(
  { eventLog }: Pick<FaultRun, "eventLog">,
  topics: readonly string[],
): Promise<readonly string[]> {
  const results: string[] = [];
  for (const topic of topics) {
    for (const { value } of await readTopic(eventLog, topic)) {
      results.push(`${topic} ${new TextDecoder().decode(value)}`);
    }
  }
  return results.toSorted();
}

/** What one worker that nothing disturbs makes of a copy of the run's log. */
export async function undisturbedResults(
  run: FaultRun,
  topics: readonly string[],
): Promise<readonly string[]> {
  const expected = (await resultsOf(run, topics)).length;
  const twin = await faultRun({ env: process.env, workers: 1, perSecond: 0 });
  try {
    const records = await readTopic(run.eventLog, "orders");
    for (let partition = 0; partition < sourcePartitions; partition += 1) {
      const mine = records.filter((record) => record.partition === partition);
      for (let i = 0; i < mine.length; i += 1_000) {
        await twin.eventLog.append("orders", mine.slice(i, i + 1_000));
      }
    }
    const enough = async (): Promise<void> => {
      const { length } = await resultsOf(twin, topics);
      if (length < expected) throw new Error(`${length} of ${expected} results`);
    };
    await eventually(enough, { withinMs: 300_000, everyMs: 1_000 });
    return await resultsOf(twin, topics);
  } finally {
    await twin.close();
  }
}
