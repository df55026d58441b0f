import { setTimeout as sleep } from "node:timers/promises";
import { readTopic } from "@ecap/sdk/testing";
import { type FaultRun, faultRun } from "./fault-run.ts";
import { sourcePartitions } from "./topologies.ts";

const longestWaitMs = 180_000;

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
    for (const until = performance.now() + longestWaitMs; performance.now() < until; ) {
      if ((await resultsOf(twin, topics)).length >= expected) break;
      await sleep(1_000);
    }
    return await resultsOf(twin, topics);
  } finally {
    await twin.close();
  }
}

/** What one has and the other has not, or less often. */
export function differences(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const each of ours) left.set(each, (left.get(each) ?? 0) + 1);
  for (const each of theirs) left.set(each, (left.get(each) ?? 0) - 1);
  return [...left].flatMap(([each, count]) => (count === 0 ? [] : [`${count} × ${each}`]));
}
