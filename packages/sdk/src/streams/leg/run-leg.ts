import { isEcapError } from "../../errors/ecap-error.ts";
import { topologyGroup } from "../../ports/committer.ts";
import type { AssignedPartition } from "../../ports/event-log.ts";
import { reasonOf } from "../dead-letters.ts";
import { hasRead } from "../has-read.ts";
import { pause } from "../pause.ts";
import type { LegStatus } from "../topology-status.ts";
import { HeldPartitions } from "./held-partitions.ts";
import type { LegOptions } from "./leg-options.ts";
import { LegSteps } from "./leg-steps.ts";
import { statusOf } from "./partition-notes.ts";
import { watchSilence } from "./watch-silence.ts";

export interface RunningLeg {
  status(): LegStatus;
  /** Resolves once everything the topics held when it was called is processed. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

const noCounts = { late: 0, duplicates: 0, forced: 0 };

/** Runs one leg in this process: a member of its consumer group that makes each batch one commit. */
export async function runLeg(options: LegOptions): Promise<RunningLeg> {
  const { leg, eventLog, clock, logger } = options;
  const group = topologyGroup(leg.name);
  const partitions = new HeldPartitions(options);
  const steps = new LegSteps(options, partitions);
  /** The partitions cannot be taken. */
  let trouble: LegStatus["failing"];

  const consumer = await eventLog.consume({
    group,
    topics: leg.source.topics,
    maxRecords: options.maxRecords,
    async onAssigned(assigned) {
      const mine = await partitions.claim(assigned);
      trouble = undefined;
      mine.mayLag = false;
      // A store that holds nothing of the partition lost it, or has seen none: the group's offset says nothing of the state.
      const { offset = await partitions.firstOffset(assigned), notes } = mine;
      return Math.max(offset, notes.lostBefore);
    },
    onRevoked: (revoked) => partitions.letGo(revoked),
    onError(error) {
      if (isEcapError(error, "ECAP_OFFSET_OUT_OF_RANGE")) steps.expectLoss();
      if (partitions.isEmpty) {
        const { since = clock.now() } = trouble ?? {};
        trouble = { code: reasonOf(error).code, since };
      }
      logger.debug({ ...reasonOf(error) }, "the topology's consumer reported an error");
    },
    async onBatch({ topic, partition, records, signal }) {
      const assigned = { topic, partition };
      await partitions.inTurn(assigned, () => steps.take(assigned, records, signal));
    },
  });
  const silence = watchSilence(options, partitions, steps);

  /** Resolves once the state includes everything before `next`, here or in the process that holds the partition. */
  async function untilPast(place: AssignedPartition, next: number): Promise<void> {
    for (;;) {
      const mine = partitions.at(place);
      const offset =
        mine === undefined
          ? (await eventLog.committed(group, place.topic)).get(place.partition)
          : mine.offset;
      // What is left may be marks of transactions, which no reader sees.
      if (offset !== undefined && (offset >= next || (await hasRead(eventLog, place, offset))))
        return;
      await pause(5);
    }
  }

  return {
    status: () => ({
      leg: leg.name,
      group,
      partitions: Array.from(partitions.notes, (notes) => {
        const { offset, task, fenced } = partitions.at(notes) ?? {};
        const { watermark = -Infinity, size = 0 } = task ?? {};
        return {
          leg: leg.name,
          offset,
          watermark: Number.isFinite(watermark) ? watermark : undefined,
          openWindows: size,
          ...(task?.counters ?? noCounts),
          ...statusOf(notes, fenced !== undefined),
        };
      }),
      ...(trouble !== undefined && partitions.isEmpty && { failing: trouble }),
    }),
    async drain() {
      for (const topic of leg.source.topics) {
        for (const { partition, earliest: from, next } of await eventLog.offsets(topic)) {
          if (from !== next) await untilPast({ topic, partition }, next);
        }
      }
    },
    async close() {
      silence.close();
      await consumer.close();
    },
  };
}
