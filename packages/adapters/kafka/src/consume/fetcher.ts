import { outOfRange } from "@ecap/sdk/memory";
import type { Settings } from "../options.ts";
import { isOutOfRange } from "../read/fetching.ts";
import type { LogBounds } from "../read/log-bounds.ts";
import { leaderOf, type TopicMetadata } from "../topics/topic-metadata.ts";
import { KafkaError, staleLeaderCodes, toEcapError } from "../wire/errors.ts";
import { type Fetched, fetchRequest } from "../wire/fetch-request.ts";
import type { Link } from "../wire/link.ts";
import { recordCursor } from "../wire/record-cursor.ts";
import { pause } from "../wire/retrying.ts";
import type { PartitionRun } from "./partition-run.ts";

export interface FetcherOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly bounds: LogBounds;
  readonly settings: Settings;
  readonly runs: () => Iterable<PartitionRun>;
  readonly onError: (error: unknown) => void;
}

export interface Fetcher {
  /** A run may want records it did not want before. */
  look(): void;
  stop(): Promise<void>;
}

interface Wanting {
  readonly run: PartitionRun;
  readonly from: number;
}

/** How long the broker waits for a first record: nothing else of the broker is waited for meanwhile. */
const idleWaitMs = 500;
/** And where other partitions of the broker may want records again soon. */
const busyWaitMs = 10;
const maxAnswerBytes = 32 * 1024 * 1024;
const errorPauseMs = 200;

/** Fetches for all runs of a consumer: one request at a time a broker, for every partition that has room. */
export function fetcher(options: FetcherOptions): Fetcher {
  const { link, metadata, bounds, settings, runs, onError } = options;
  const stopped = new AbortController();
  const { signal } = stopped;
  const underWay = new Map<number, Promise<void>>();
  let scheduled = false;

  function look(): void {
    if (scheduled || signal.aborted) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void fetchAll().catch(failed);
    });
  }

  function failed(error: unknown): void {
    if (signal.aborted) return;
    onError(toEcapError(error, "fetching"));
    setTimeout(look, errorPauseMs);
  }

  async function fetchAll(): Promise<void> {
    const byLeader = new Map<number, Wanting[]>();
    const full = new Set<number>();
    for (const run of runs()) {
      const topic = await metadata.topic(run.place.topic);
      const leader = leaderOf(topic, run.place.partition);
      const from = run.wanted();
      if (from === undefined) {
        full.add(leader);
        continue;
      }
      const wanting = byLeader.get(leader);
      if (wanting === undefined) byLeader.set(leader, [{ run, from }]);
      else wanting.push({ run, from });
    }
    if (signal.aborted) return;
    for (const [leader, wanting] of byLeader) {
      if (underWay.has(leader)) continue;
      const maxWaitMs = full.has(leader) ? busyWaitMs : idleWaitMs;
      const fetching = fetchFrom(leader, wanting, maxWaitMs)
        .catch(async (error: unknown) => {
          if (signal.aborted) return;
          for (const { run } of wanting) metadata.forget(run.place.topic);
          onError(toEcapError(error, "fetching"));
          await pause(errorPauseMs, signal);
        })
        .finally(() => {
          underWay.delete(leader);
          look();
        });
      underWay.set(leader, fetching);
    }
  }

  async function fetchFrom(leader: number, wanting: readonly Wanting[], maxWaitMs: number) {
    const byName = new Map<string, Wanting>();
    const places = wanting.map(({ run, from }) => {
      const { topic, partition } = run.place;
      const topicName = metadata.topicName(topic);
      byName.set(`${topicName}/${partition}`, { run, from });
      return { topicName, partition, from, maxBytes: settings.fetchBytes };
    });
    const broker = await link.node(leader, places[0]?.topicName ?? "");
    const request = fetchRequest(places, { maxWaitMs, maxBytes: maxAnswerBytes });
    for (const fetched of await link.send(broker, request)) {
      const wanted = byName.get(`${fetched.topicName}/${fetched.partition}`);
      if (wanted !== undefined) await take(wanted, fetched);
    }
  }

  async function take({ run, from }: Wanting, fetched: Fetched): Promise<void> {
    const { topic, partition } = run.place;
    if (run.wanted() !== from) return;
    if (fetched.errorCode === 0) {
      if (fetched.bytes.length === 0) return;
      const { bytes, aborted } = fetched;
      run.give(recordCursor({ topic, partition, from, bytes, aborted }));
    } else if (isOutOfRange(fetched)) {
      const earliest = (await bounds.list(topic, "earliest", [partition])).get(partition) ?? 0;
      onError(outOfRange(topic, partition, from, earliest));
      run.moveTo(earliest);
    } else {
      if (staleLeaderCodes.has(fetched.errorCode)) metadata.forget(topic);
      throw new KafkaError(fetched.errorCode, `Fetch ${topic}/${partition}`);
    }
  }

  return {
    look,
    async stop() {
      stopped.abort();
      await Promise.all(underWay.values());
    },
  };
}
