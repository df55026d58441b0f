import { type Topic, type TopicMetadata } from "../topics/topic-metadata.ts";
import { type Fetched, fetchRequest } from "../wire/fetch-request.ts";
import type { Link } from "../wire/link.ts";
import { firstBatchHead } from "../wire/record-cursor.ts";
import { askLeaders } from "./ask-leaders.ts";
import { assertFetched, isOutOfRange } from "./fetching.ts";

export interface LastRecords {
  /**
   * One past the last record before each end: markers of transactions, and aborted records, take offsets that no reader ever meets, and who
   * compares where it is with the log's end would wait for them for good.
   */
  before(topic: Topic, ends: Offsets, earliest: Offsets): Promise<Map<number, number>>;
}

type Offsets = ReadonlyMap<number, number>;

/** Markers and aborted batches that are gone back over before an end is taken as it is. */
const maxStepsBack = 64;
/** Enough for a batch's head: it may be cut off after it. */
const headBytes = 128;
/** The first batch of an answer comes whole, and must leave room for the heads of the others. */
const answerBytes = 64 * 1024 * 1024;

export function lastRecords(link: Link, metadata: TopicMetadata): LastRecords {
  /** What was found for an end: the same until the log grows. */
  const found = new Map<string, { readonly end: number; readonly last: number }>();

  /** The batches that end before the given offsets. */
  async function batchesBefore(topic: Topic, ends: Offsets): Promise<Fetched[]> {
    const { topicName } = topic;
    const answers = await askLeaders(link, topic, ends.keys(), (mine) => {
      const places = mine.map((partition) => {
        const from = (ends.get(partition) ?? 1) - 1;
        return { topicName, partition, from, maxBytes: headBytes };
      });
      return fetchRequest(places, { maxWaitMs: 0, maxBytes: answerBytes });
    });
    for (const each of answers) if (!isOutOfRange(each)) assertFetched(metadata, topic.name, each);
    return answers;
  }

  return {
    async before(topic, ends, earliest) {
      const last = new Map<number, number>();
      let open = new Map<number, number>();
      for (const [partition, end] of ends) {
        const known = found.get(`${topic.name}/${partition}`);
        if (known?.end === end) last.set(partition, known.last);
        else open.set(partition, end);
      }
      for (let steps = 0; open.size > 0 && steps < maxStepsBack; steps += 1) {
        const further = new Map<number, number>();
        for (const fetched of await batchesBefore(topic, open)) {
          const { partition } = fetched;
          const before = emptyFrom(fetched);
          if (before === undefined) last.set(partition, open.get(partition) ?? 0);
          else if (before <= (earliest.get(partition) ?? 0)) last.set(partition, before);
          else further.set(partition, before);
        }
        open = further;
      }
      for (const [partition, end] of open) last.set(partition, end);
      for (const [partition, end] of ends) {
        found.set(`${topic.name}/${partition}`, { end, last: last.get(partition) ?? end });
      }
      return last;
    },
  };
}

/** Where the batch begins, if no reader meets a record of it; undefined if one does. */
function emptyFrom({ bytes, aborted }: Fetched): number | undefined {
  const head = firstBatchHead(bytes);
  if (head === undefined) return undefined;
  const isAborted =
    head.transactional &&
    aborted.some(
      ({ producerId, firstOffset }) =>
        producerId === head.producerId && firstOffset <= head.lastOffset,
    );
  return head.control || isAborted ? head.baseOffset : undefined;
}
