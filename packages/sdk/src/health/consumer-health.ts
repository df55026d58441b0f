import type { LakeSink } from "../lake/lake-sink.ts";
import type { LegStatus } from "../streams/topology-status.ts";
import type { ConsumerHealth, ConsumerState, PartitionHealth } from "./health.ts";

const gravity: Readonly<Record<ConsumerState, number>> = {
  running: 0,
  fenced: 1,
  waiting: 2,
  failing: 3,
};

/** The worst of some states; `running` where there are none. */
export function worstState(states: Iterable<ConsumerState>): ConsumerState {
  let worst: ConsumerState = "running";
  for (const state of states) if (gravity[state] > gravity[worst]) worst = state;
  return worst;
}

/** What a running leg says, as a consumer's health. */
export function legHealth(leg: LegStatus, isBreakerOpen: boolean): ConsumerHealth {
  const partitions = leg.partitions.map(
    ({ topic, partition, offset, progressAt, state, failing }): PartitionHealth => ({
      topic,
      partition,
      position: offset,
      progressAt,
      state,
      ...(failing !== undefined && { failing }),
    }),
  );
  const failing = partitions.find((each) => each.failing !== undefined)?.failing ?? leg.failing;
  const states = partitions.map(({ state }) => state);
  if (isBreakerOpen) states.push("waiting");
  if (failing !== undefined) states.push("failing");
  const removed = leg.partitions.flatMap((each) => each.removed ?? []);
  const sum = (of: (status: LegStatus["partitions"][number]) => number): number =>
    leg.partitions.reduce((total, status) => total + of(status), 0);
  return {
    name: leg.group,
    kind: "topology",
    state: worstState(states),
    ...(failing !== undefined && { failing }),
    partitions,
    late: sum(({ late }) => late),
    duplicates: sum(({ duplicates }) => duplicates),
    forced: sum(({ forced }) => forced),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    ...(removed.length > 0 && {
      removed: {
        records: removed.reduce((total, { records }) => total + records, 0),
        at: Math.max(...removed.map(({ at }) => at)),
      },
    }),
  };
}

export function sinkHealth(sink: LakeSink): ConsumerHealth {
  const { group, partitions, failing, duplicates, deadLetters, removed } = sink.status();
  const state = failing === undefined ? "running" : "failing";
  return {
    name: group,
    kind: "sink",
    state,
    ...(failing !== undefined && { failing }),
    partitions: partitions.map((each) => ({ ...each, state })),
    late: 0,
    duplicates,
    forced: 0,
    deadLetters,
    ...(removed !== undefined && { removed }),
  };
}
