import type { LogRecord, ReadOptions } from "@ecap/sdk";
import { outOfRange, readDefaults } from "@ecap/sdk/memory";
import type { Settings } from "../options.ts";
import { assertPartition, leaderOf, type TopicMetadata } from "../topics/topic-metadata.ts";
import { type Fetched, fetchRequest } from "../wire/fetch-request.ts";
import type { Link } from "../wire/link.ts";
import { recordCursor } from "../wire/record-cursor.ts";
import { pause, retrying } from "../wire/retrying.ts";
import { assertFetched, isOutOfRange } from "./fetching.ts";
import type { LogBounds } from "./log-bounds.ts";
import type { ReaderLinks } from "./reader-links.ts";

export interface Reading {
  readonly links: ReaderLinks;
  readonly metadata: TopicMetadata;
  readonly bounds: LogBounds;
  readonly settings: Settings;
}

export interface ReadPlace {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
}

/** A read waits at the broker this long at a time, so that reads which share links take turns. */
const turnMs = 500;
/** What a record takes, guessed: so that a read of few records does not fetch megabytes. */
const guessedRecordBytes = 1_024;

export async function readPartition(
  reading: Reading,
  { topic, partition, from }: ReadPlace,
  options: ReadOptions = {},
): Promise<readonly LogRecord[]> {
  const { metadata, settings, links } = reading;
  const { maxRecords = readDefaults.maxRecords, maxBytes = readDefaults.maxBytes } = options;
  const { waitMs = 0, signal } = options;
  assertPartition(await metadata.topic(topic), partition);
  const fetchBytes = Math.min(maxBytes, Math.max(maxRecords * guessedRecordBytes, 64 * 1024));
  const until = Date.now() + waitMs;
  let position = from;
  for (;;) {
    const left = until - Date.now();
    const maxWaitMs = Math.min(Math.max(left, 0), turnMs);
    const place = { topic, partition, from: position };
    const fetching = retrying(
      () => links.use((link) => fetchOnce(reading, link, place, { maxWaitMs, fetchBytes })),
      {
        doing: `reading ${topic}/${partition}`,
        timeoutMs: settings.requestTimeoutMs,
        ...(signal === undefined ? {} : { signal }),
      },
    );
    const fetched = await unlessAborted(fetching, signal);
    if (fetched === undefined) return [];
    if (isOutOfRange(fetched)) {
      await assertHeld(reading, place);
      // Past the end: what is not there yet.
      if (left <= 0) return [];
      await pause(Math.min(left, turnMs), signal);
    } else {
      const cursor = recordCursor({ topic, partition, from: position, ...payload(fetched) });
      const records = await cursor.take({ maxRecords, maxBytes });
      const isStuck = cursor.end === position;
      if (records.length > 0 || (isStuck && left <= 0)) return records;
      // Only markers and aborted records so far: go on after them.
      position = cursor.end;
    }
    if (signal?.aborted === true) return [];
  }
}

function payload({ bytes, aborted }: Fetched) {
  return { bytes, aborted };
}

async function fetchOnce(
  { metadata }: Reading,
  link: Link,
  { topic, partition, from }: ReadPlace,
  { maxWaitMs, fetchBytes }: { readonly maxWaitMs: number; readonly fetchBytes: number },
): Promise<Fetched> {
  const { topicName } = await metadata.topic(topic);
  try {
    const leader = leaderOf(await metadata.topic(topic), partition);
    const broker = await link.node(leader, topicName);
    const place = { topicName, partition, from, maxBytes: fetchBytes };
    const [fetched] = await link.send(
      broker,
      fetchRequest([place], { maxWaitMs, maxBytes: fetchBytes }),
    );
    if (fetched === undefined) throw new TypeError("an answer without the partition asked for");
    if (!isOutOfRange(fetched)) assertFetched(metadata, topic, fetched);
    return fetched;
  } catch (error) {
    metadata.forget(topic);
    throw error;
  }
}

/** Throws ECAP_OFFSET_OUT_OF_RANGE where the offset was removed. */
async function assertHeld(
  { bounds }: Reading,
  { topic, partition, from }: ReadPlace,
): Promise<void> {
  const earliest = (await bounds.list(topic, "earliest")).get(partition) ?? 0;
  if (from < earliest) throw outOfRange(topic, partition, from, earliest);
}

async function unlessAborted<T>(
  running: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T | undefined> {
  if (signal === undefined) return running;
  if (signal.aborted) {
    running.catch(() => undefined);
    return undefined;
  }
  const raceOver = new AbortController();
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { signal: raceOver.signal });
  });
  try {
    return await Promise.race([running, aborted]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    raceOver.abort();
    running.catch(() => undefined);
  }
}
