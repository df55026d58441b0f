import { EcapError, type NewLogRecord } from "@ecap/sdk";
import { partitionFor } from "@ecap/sdk/memory";
import type { Delivery, Mark, OutboxLog, OutboxOwner, OutboxPlace } from "@ecap/sdk/streams";
import { nextSequence } from "../append/producer-session.ts";
import type { GroupMembers } from "../consume/group-members.ts";
import type { Settings } from "../options.ts";
import {
  assertPartition,
  leaderOf,
  type Topic,
  type TopicMetadata,
} from "../topics/topic-metadata.ts";
import { coordinators } from "../wire/coordinators.ts";
import { fencedCodes, hasCode, KafkaError, staleMemberCodes, toEcapError } from "../wire/errors.ts";
import { groupBy } from "../wire/group-by.ts";
import type { Link } from "../wire/link.ts";
import { offsetFetchRequest } from "../wire/offset-fetch-request.ts";
import { produceRequest } from "../wire/produce-request.ts";
import { encodeBatch, recordBound, stampBatch } from "../wire/record-batch.ts";
import { retrying } from "../wire/retrying.ts";
import { type GroupMembership, txnOffsetCommitRequest } from "../wire/txn-offset-commit-request.ts";
import type { OffsetTurns } from "./offset-turns.ts";

/** A transactional id that was taken over. Takes no connection: all share one link. */
interface Producer {
  readonly place: OutboxPlace;
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
  /** By topic and partition: of the next batch. */
  readonly sequences: Map<string, number>;
  /** The delivery under way. */
  running: Promise<void>;
  /** A delivery failed: whether it took effect is not known, or it must not. Only who takes over again may go on. */
  isOver: boolean;
}

interface Target {
  readonly topic: Topic;
  readonly partition: number;
  /** Encoded and stamped, in the order to send them. */
  readonly batches: readonly Buffer[];
}

interface Sending extends Target {
  readonly bytes: Buffer;
}

export interface TransactionsOptions {
  readonly link: Link;
  readonly metadata: TopicMetadata;
  readonly settings: Settings;
  readonly turns: OffsetTurns;
  readonly members: GroupMembers;
}

/**
 * Kafka transactions as the outbox needs them: a transactional id for each group and partition. Taking over makes its epoch grow, which ends
 * the transaction of an earlier owner and refuses every request of it from then on.
 *
 * Almost: a commit of offsets with an old epoch, refused as it is, makes the group coordinator forget what the new owner's transaction
 * is about to move the offset to, since it keeps that by producer and not by epoch (seen with Kafka 3.9.1). So such a commit names the member of
 * the group it comes from: one that the group has dropped is refused before it gets there.
 */
export function transactions(options: TransactionsOptions): OutboxLog {
  const { link, metadata, settings, turns, members } = options;
  const { transactionTimeoutMs, requestTimeoutMs, topicPrefix } = settings;
  const coordinator = coordinators(link);
  const keyless = new Map<string, number>();

  function nameOf({ group, topic, partition }: OutboxPlace): string {
    return `${settings.transactionalIdPrefix}/${group}/${topic}/${partition}`;
  }

  /** Repeats what passes, quickly at first: the previous transaction's markers are written within milliseconds. */
  function patiently<T>(doing: string, attempt: () => Promise<T>): Promise<T> {
    return retrying(attempt, { doing, timeoutMs: requestTimeoutMs, firstBackoffMs: 2 });
  }

  async function targetsOf(producer: Producer, { emits }: Delivery): Promise<Target[]> {
    const byTopic = groupBy(emits, ({ topic }) => topic);
    const targets: Target[] = [];
    for (const [name, ofTopic] of byTopic) {
      const topic = await metadata.topic(name);
      const turn = (keyless.get(name) ?? 0) % topic.leaders.length;
      keyless.set(name, turn + 1);
      const records = ofTopic.map(({ record }) => record);
      const byPartition = groupBy(records, (each) =>
        partitionFor(each, topic.leaders.length, turn),
      );
      for (const [partition, mine] of byPartition) {
        assertPartition(topic, partition);
        targets.push({ topic, partition, batches: await encode(producer, name, partition, mine) });
      }
    }
    return targets;
  }

  async function encode(
    producer: Producer,
    topic: string,
    partition: number,
    records: readonly NewLogRecord[],
  ): Promise<Buffer[]> {
    const place = `${topic}/${partition}`;
    const batches: Buffer[] = [];
    for (const chunk of chunks(records, settings.maxBatchBytes)) {
      const batch = await encodeBatch(chunk, settings.compression);
      const sequence = producer.sequences.get(place) ?? 0;
      stampBatch(batch, {
        producerId: BigInt(producer.producerId),
        producerEpoch: producer.producerEpoch,
        sequence,
        transactional: true,
      });
      producer.sequences.set(place, nextSequence(sequence, chunk.length));
      batches.push(batch);
    }
    return batches;
  }

  /** Sends the batches: the first of every target together, then the second ones. */
  async function produce(producer: Producer, targets: readonly Target[]): Promise<void> {
    const rounds = Math.max(0, ...targets.map(({ batches }) => batches.length));
    for (let round = 0; round < rounds; round += 1) {
      const batches = targets.flatMap((target): Sending[] => {
        const bytes = target.batches[round];
        return bytes === undefined ? [] : [{ ...target, bytes }];
      });
      // What arrived already is recognised by its sequence number.
      await patiently("delivering an outbox", () => produceOnce(producer, batches));
    }
  }

  async function produceOnce(
    { transactionalId }: Producer,
    batches: readonly Sending[],
  ): Promise<void> {
    const located = await Promise.all(
      batches.map(async (batch) => {
        const leader = leaderOf(await metadata.topic(batch.topic.name), batch.partition);
        return { ...batch, topicName: batch.topic.topicName, leader };
      }),
    );
    const sent = { transactionalId, timeoutMs: requestTimeoutMs };
    try {
      const answers = await Promise.all(
        [...groupBy(located, ({ leader }) => leader)].map(async ([leader, mine]) => {
          const broker = await link.node(leader, mine[0]?.topicName ?? "");
          return link.send(broker, produceRequest(mine, sent));
        }),
      );
      for (const { errorCode } of answers.flat()) {
        if (errorCode !== 0) throw new KafkaError(errorCode, "Produce");
      }
    } catch (error) {
      for (const { topic } of batches) metadata.forget(topic.name);
      throw error;
    }
  }

  async function transact(
    producer: Producer,
    delivery: Delivery,
    member: GroupMembership | undefined,
  ): Promise<void> {
    const { transactionalId, producerId, producerEpoch, place } = producer;
    const identity = { transactionalId, producerId, producerEpoch };
    const groupId = groupIdOf(place);
    const inputName = metadata.topicName(place.topic);
    const targets = await targetsOf(producer, delivery);
    const asTransaction = {
      kind: "transaction",
      id: transactionalId,
      topicName: inputName,
    } as const;
    const asGroup = { kind: "group", id: groupId, topicName: inputName } as const;
    const topics = [...groupBy(targets, ({ topic }) => topic.topicName)].map(([topic, mine]) => ({
      topic,
      partitions: mine.map(({ partition }) => partition),
    }));
    const { offset, step } = delivery.mark;
    const moved = txnOffsetCommitRequest({
      ...identity,
      groupId,
      member,
      topicName: inputName,
      partition: place.partition,
      offset,
      metadata: String(step),
    });
    try {
      await patiently("beginning a transaction", () =>
        coordinator.ask(asTransaction, async (broker) => {
          // The broker takes them one after the other: waiting between them would only cost time.
          await Promise.all([
            topics.length === 0 ? undefined : broker.addPartitionsToTxn({ ...identity, topics }),
            broker.addOffsetsToTxn({ ...identity, groupId }),
          ]);
        }),
      );
      await Promise.all([
        produce(producer, targets),
        patiently("committing the offset of an outbox", () =>
          coordinator.ask(asGroup, (broker) => link.send(broker, moved)),
        ),
      ]);
    } catch (error) {
      // Else readers wait for the decision until the transaction runs out of time.
      const abort = coordinator.ask(asTransaction, (broker) =>
        broker.endTxn({ ...identity, transactionResult: false }),
      );
      abort.catch(() => undefined);
      throw error;
    }
    await patiently("committing a transaction", () =>
      coordinator.ask(asTransaction, (broker) =>
        broker.endTxn({ ...identity, transactionResult: true }),
      ),
    );
  }

  function groupIdOf({ group }: OutboxPlace): string {
    return `${topicPrefix}${group}`;
  }

  async function delivered(place: OutboxPlace): Promise<Mark | undefined> {
    const { group, topic, partition } = place;
    const groupId = groupIdOf(place);
    const topicName = metadata.topicName(topic);
    const query = { groupId, topicName, partitions: [partition], stable: true };
    const offsets = await patiently(`asking how far ${group} is`, () =>
      coordinator.ask({ kind: "group", id: groupId, topicName }, (broker) =>
        link.send(broker, offsetFetchRequest(query)),
      ),
    );
    const found = offsets.get(partition);
    if (found === undefined) return undefined;
    turns.reached(place, found.offset);
    return { offset: found.offset, step: Number(found.metadata) || 0 };
  }

  async function deliver(producer: Producer, delivery: Delivery): Promise<void> {
    const { place, transactionalId } = producer;
    if (producer.isOver) throw fencedOff(`a delivery for ${transactionalId} failed before`);
    try {
      const holder = members.holderOf(place.group, place);
      if (holder === undefined) throw fencedOff(`${transactionalId} is no member's here`);
      await turns.delivering(place, delivery.mark.offset);
      await transact(producer, delivery, holder === "outside" ? undefined : holder);
    } catch (error) {
      producer.isOver = true;
      if (hasCode(error, staleMemberCodes)) throw fencedOff(`the group went on: ${String(error)}`);
      throw hasCode(error, fencedCodes)
        ? toEcapError(error, `delivering for ${transactionalId}`)
        : error;
    }
  }

  return {
    async takeOver(place): Promise<OutboxOwner> {
      const name = nameOf(place);
      turns.forget(place);
      const topicName = metadata.topicName(place.topic);
      const made = await patiently(`taking over ${name}`, () =>
        coordinator.ask({ kind: "transaction", id: name, topicName }, (broker) =>
          broker.initProducerId({
            transactionalId: name,
            transactionTimeout: transactionTimeoutMs,
          }),
        ),
      );
      const producer: Producer = {
        ...made,
        place,
        transactionalId: name,
        sequences: new Map(),
        running: Promise.resolve(),
        isOver: false,
      };
      return {
        delivered: () => delivered(place),
        async deliver(delivery) {
          const run = producer.running.then(() => deliver(producer, delivery));
          producer.running = run.catch(() => undefined);
          await run;
        },
      };
    },
  };
}

function* chunks(records: readonly NewLogRecord[], maxBytes: number): Iterable<NewLogRecord[]> {
  let chunk: NewLogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const bound = recordBound(record);
    if (chunk.length > 0 && bytes + bound > maxBytes) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += bound;
  }
  if (chunk.length > 0) yield chunk;
}

function fencedOff(why: string): EcapError {
  return new EcapError("ECAP_FENCED", why);
}
