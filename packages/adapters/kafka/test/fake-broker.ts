import { ByteReader, ByteWriter } from "../src/wire/bytes.ts";
import { codes } from "../src/wire/errors.ts";
import type { WireBroker } from "../src/wire/kafkajs-types.ts";
import type { Link } from "../src/wire/link.ts";
import { batchLayout } from "../src/wire/record-batch.ts";
import { recordCursor } from "../src/wire/record-cursor.ts";

export type Fault =
  | "none"
  | "lost request"
  | "lost answer"
  | "not leader"
  | "forgot the producer"
  | "timed out after appending"
  | "takes 500 bytes";

export interface FakeBroker {
  readonly link: Link;
  log(partition: number): readonly string[];
  requests(): number;
}

interface Sequence {
  readonly next: number;
  /** Of batches that may come again: first sequence to first offset. */
  readonly known: ReadonlyMap<number, number>;
}

/** Appends what a produce request brings as Kafka does, with sequence numbers a producer and partition; each request meets the next fault. */
export function fakeBroker(faults: Iterator<Fault>): FakeBroker {
  const logs = new Map<number, string[]>();
  const sequences = new Map<string, Sequence>();
  let producers = 0;
  let requests = 0;

  const logOf = (partition: number): string[] => {
    const log = logs.get(partition) ?? [];
    logs.set(partition, log);
    return log;
  };

  async function append(partition: number, batch: Buffer, fault: Fault) {
    if (fault === "not leader") return { errorCode: codes.notLeader, baseOffset: -1 };
    if (fault === "takes 500 bytes" && batch.length > 500) {
      return { errorCode: codes.messageTooLarge, baseOffset: -1 };
    }
    const producer = `${batch.readBigInt64BE(batchLayout.producerId)}/${partition}`;
    const sequence = batch.readInt32BE(batchLayout.baseSequence);
    const count = batch.readInt32BE(batchLayout.count);
    const { next, known } = sequences.get(producer) ?? { next: 0, known: new Map() };
    const again = known.get(sequence);
    if (again !== undefined) return { errorCode: 0, baseOffset: again };
    if (fault === "forgot the producer")
      return { errorCode: codes.unknownProducerId, baseOffset: -1 };
    if (sequence !== next) return { errorCode: codes.outOfOrderSequence, baseOffset: -1 };
    const log = logOf(partition);
    const baseOffset = log.length;
    const place = { topic: "orders", partition, from: 0, bytes: batch, aborted: [] };
    const records = await recordCursor(place).take({ maxRecords: count, maxBytes: Infinity });
    log.push(...records.map(({ value }) => Buffer.from(value).toString()));
    sequences.set(producer, {
      next: sequence + count,
      known: new Map([...known, [sequence, baseOffset]]),
    });
    const errorCode = fault === "timed out after appending" ? codes.requestTimedOut : 0;
    return { errorCode, baseOffset };
  }

  async function answer(payload: Buffer, fault: Fault): Promise<Buffer> {
    const reader = new ByteReader(payload);
    reader.string();
    reader.int16();
    reader.int32();
    const topics = reader.array(() => ({
      name: reader.string(),
      batches: reader.array(() => ({ partition: reader.int32(), bytes: reader.bytes() })),
    }));
    const writer = new ByteWriter();
    writer.int32(topics.length);
    for (const { name, batches } of topics) {
      writer.string(name).int32(batches.length);
      for (const { partition, bytes } of batches) {
        const { errorCode, baseOffset } = await append(partition, Buffer.from(bytes), fault);
        writer.int32(partition).int16(errorCode).int64(baseOffset).int64(-1).int64(0);
      }
    }
    return writer.int32(0).bytes;
  }

  const broker = {
    nodeId: 1,
    async initProducerId() {
      producers += 1;
      return { producerId: String(producers), producerEpoch: 0 };
    },
  } as unknown as WireBroker;

  return {
    requests: () => requests,
    log: logOf,
    link: {
      any: async () => broker,
      node: async () => broker,
      async send(_broker, { request, response }) {
        requests += 1;
        const fault = faults.next().value as Fault;
        const { buffer } = await request.encode();
        await new Promise((resolve) => setImmediate(resolve));
        if (fault === "lost request") throw connectionError();
        const payload = await answer(buffer, fault);
        if (fault === "lost answer") throw connectionError();
        return response.parse(await response.decode(payload));
      },
      close() {},
    },
  };
}

function connectionError(): Error {
  return Object.assign(new Error("Closed connection"), { name: "KafkaJSConnectionClosedError" });
}
