import type { Settings } from "../options.ts";
import { leaderOf, type TopicMetadata } from "../topics/topic-metadata.ts";
import { codes, isTransient, KafkaError, staleLeaderCodes, toEcapError } from "../wire/errors.ts";
import type { Link } from "../wire/link.ts";
import { type Produced, produceRequest } from "../wire/produce-request.ts";
import { encodeBatch, stampBatch } from "../wire/record-batch.ts";
import { failCall, settleSpans } from "./append-call.ts";
import { type Batch, type PartitionQueue, putBack, takeRecords } from "./partition-queue.ts";
import { nextSequence, type ProducerSession, producerSessions } from "./producer-session.ts";

export interface BatchSender {
  /** Says that something waits in the queue. */
  wake(queue: PartitionQueue): void;
}

export interface BatchSenderOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly settings: Settings;
}

export const firstBackoffMs = 20;
const maxBackoffMs = 1_000;
const maxRequestBytes = 16 * 1024 * 1024;

/** Codes after which the batch was certainly not appended, and is to be sent as another producer. */
const sessionCodes: ReadonlySet<number> = new Set([
  codes.outOfOrderSequence,
  codes.invalidProducerEpoch,
  codes.invalidProducerIdMapping,
  codes.unknownProducerId,
]);

/**
 * Sends what waits in the queues: a produce request has one batch of each partition, and at most one batch of a partition is under way. So
 * appends keep their order, a batch sent again under its sequence number is appended once, and meanwhile the next batch fills.
 */
export function batchSender({ link, metadata, settings }: BatchSenderOptions): BatchSender {
  const { maxInFlight, lingerMs, appendTimeoutMs, requestTimeoutMs } = settings;
  const sessions = producerSessions(link, requestTimeoutMs);
  const ready = new Set<PartitionQueue>();
  const requests = new Map<number, number>();
  let scheduled = false;

  function wake(queue: PartitionQueue): void {
    if (queue.busy) return;
    ready.add(queue);
    if (scheduled) return;
    scheduled = true;
    const run = (): void => {
      scheduled = false;
      sendReady();
    };
    if (lingerMs > 0) setTimeout(run, lingerMs);
    else setImmediate(run);
  }

  function release(queue: PartitionQueue): void {
    queue.busy = false;
    if (queue.batch !== undefined || queue.parts.length > 0) wake(queue);
  }

  function sendReady(): void {
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of ready) {
      const leader = findLeader(queue);
      if (leader === undefined) continue;
      const chosen = byLeader.get(leader);
      if (chosen === undefined) byLeader.set(leader, [queue]);
      else chosen.push(queue);
    }
    for (const [leader, chosen] of byLeader) {
      const running = requests.get(leader) ?? 0;
      if (running >= maxInFlight) continue;
      requests.set(leader, running + 1);
      for (const queue of chosen) take(queue);
      void send(leader, chosen).finally(() => {
        requests.set(leader, (requests.get(leader) ?? 1) - 1);
        sendReady();
      });
    }
  }

  function take(queue: PartitionQueue): void {
    ready.delete(queue);
    queue.busy = true;
  }

  /** Undefined where it is not known: the queue comes back when it is. */
  function findLeader(queue: PartitionQueue): number | undefined {
    const topic = metadata.known(queue.topic);
    try {
      if (topic !== undefined) return leaderOf(topic, queue.partition);
    } catch (error) {
      take(queue);
      metadata.forget(queue.topic);
      sendLater(queue, error);
      return undefined;
    }
    take(queue);
    metadata.topic(queue.topic).then(
      () => release(queue),
      (error: unknown) => sendLater(queue, error),
    );
    return undefined;
  }

  async function send(leader: number, chosen: readonly PartitionQueue[]): Promise<void> {
    const sending: PartitionQueue[] = [];
    try {
      let size = 0;
      for (const queue of chosen) {
        if (size < maxRequestBytes) queue.batch ??= await nextBatch(queue);
        if (size >= maxRequestBytes || queue.batch === undefined) release(queue);
        else sending.push(queue);
        size += queue.batch?.bytes.length ?? 0;
      }
      const [first] = sending;
      if (first === undefined) return;
      const session = await sessions.current();
      const batches = sending.map((queue) => ({
        topicName: metadata.topicName(queue.topic),
        partition: queue.partition,
        bytes: stamped(queue, session).bytes,
      }));
      const broker = await link.node(leader, metadata.topicName(first.topic));
      const options = { transactionalId: null, timeoutMs: requestTimeoutMs };
      settle(sending, await link.send(broker, produceRequest(batches, options)));
    } catch (error) {
      for (const queue of sending) {
        metadata.forget(queue.topic);
        sendLater(queue, error);
      }
    }
  }

  async function nextBatch(queue: PartitionQueue): Promise<Batch | undefined> {
    const taken = takeRecords(queue);
    if (taken === undefined) return undefined;
    const { spans, records, since } = taken;
    const bytes = await encodeBatch(records, settings.compression);
    return { spans, count: records.length, bytes, session: undefined, since };
  }

  function settle(sending: readonly PartitionQueue[], answers: readonly Produced[]): void {
    const byPlace = new Map(answers.map((each) => [`${each.topicName}/${each.partition}`, each]));
    for (const queue of sending) {
      const answer = byPlace.get(`${metadata.topicName(queue.topic)}/${queue.partition}`);
      const { errorCode = codes.networkException, baseOffset = -1 } = answer ?? {};
      if (errorCode === 0) accept(queue, baseOffset);
      else refuse(queue, errorCode);
    }
  }

  function accept(queue: PartitionQueue, baseOffset: number): void {
    const { spans, count } = queue.batch as Batch;
    queue.sequence = nextSequence(queue.sequence, count);
    queue.batch = undefined;
    queue.backoffMs = firstBackoffMs;
    release(queue);
    settleSpans(spans, baseOffset);
  }

  function refuse(queue: PartitionQueue, errorCode: number): void {
    const batch = queue.batch as Batch;
    const tooLarge = errorCode === codes.messageTooLarge || errorCode === codes.recordListTooLarge;
    if (tooLarge && batch.count > 1) {
      putBack(queue, batch);
      queue.batch = undefined;
      queue.maxBatchBytes = Math.floor(batch.bytes.length / 2);
      release(queue);
      return;
    }
    const error = new KafkaError(errorCode, `Produce ${queue.topic}/${queue.partition}`);
    if (staleLeaderCodes.has(errorCode)) metadata.forget(queue.topic);
    if (!sessionCodes.has(errorCode)) return sendLater(queue, error);
    sessions.current(batch.session).then(
      () => {
        batch.session = undefined;
        sendLater(queue, error, true);
      },
      (failure: unknown) => sendLater(queue, failure),
    );
  }

  /** Sends what is first in the queue again after a while, or gives it up. */
  function sendLater(queue: PartitionQueue, error: unknown, passes = isTransient(error)): void {
    const { batch, parts, backoffMs } = queue;
    const since = batch?.since ?? parts[0]?.call.enqueuedAt ?? 0;
    if (!passes || Date.now() + backoffMs > since + appendTimeoutMs) {
      giveUp(queue, toEcapError(error, `appending to ${queue.topic}`));
    } else {
      queue.backoffMs = Math.min(backoffMs * 2, maxBackoffMs);
    }
    setTimeout(() => release(queue), backoffMs);
  }

  function giveUp(queue: PartitionQueue, error: unknown): void {
    const { batch, parts } = queue;
    queue.batch = undefined;
    queue.backoffMs = firstBackoffMs;
    const failing = batch?.spans.map(({ part }) => part) ?? parts.slice(0, 1);
    for (const { call } of failing) failCall(call, error);
    const left = parts.filter(({ call }) => !call.settled);
    parts.splice(0, parts.length, ...left);
    if (batch?.session === undefined) return;
    // It may yet be appended: what comes next must not be taken for it.
    queue.session = undefined;
    sessions.current(batch.session).catch(() => undefined);
  }

  return { wake };
}

/** The queue's batch, as what it is sent: what it was first sent as. */
function stamped(queue: PartitionQueue, session: ProducerSession): Batch {
  const batch = queue.batch as Batch;
  if (batch.session !== undefined) return batch;
  if (queue.session !== session) queue.sequence = 0;
  queue.session = session;
  batch.session = session;
  stampBatch(batch.bytes, { ...session, sequence: queue.sequence, transactional: false });
  return batch;
}
