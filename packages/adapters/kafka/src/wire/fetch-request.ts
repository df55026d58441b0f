import { groupBy } from "./group-by.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import type { AbortedTransaction } from "./record-cursor.ts";
import { wireRequest } from "./wire-request.ts";

export interface FetchPlace {
  readonly topicName: string;
  readonly partition: number;
  readonly from: number;
  /** Past it a batch is cut off, except the first of the answer. */
  readonly maxBytes: number;
}

export interface Fetched {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
  /** Everything before it is decided: committed, aborted or never part of a transaction. */
  readonly lastStableOffset: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
}

export interface FetchOptions {
  /** How long the broker waits for a first byte. */
  readonly maxWaitMs: number;
  readonly maxBytes: number;
}

/** Fetch v11 of committed records. kafkajs unpacks every record of an answer; this leaves that to who takes them. */
export function fetchRequest(
  places: readonly FetchPlace[],
  { maxWaitMs, maxBytes }: FetchOptions,
): WireRequest<readonly Fetched[]> {
  const byTopic = groupBy(places, ({ topicName }) => topicName);
  return wireRequest({
    apiKey: 1,
    apiVersion: 11,
    apiName: "Fetch",
    write(writer) {
      writer.int32(-1).int32(maxWaitMs).int32(1).int32(maxBytes);
      writer.int8(1).int32(0).int32(-1); // committed records; no fetch session
      writer.array([...byTopic], ([topicName, ofTopic]) => {
        writer.string(topicName).array(ofTopic, (place) => {
          writer.int32(place.partition).int32(-1).int64(place.from).int64(-1).int32(place.maxBytes);
        });
      });
      writer.int32(0).string(""); // forgotten topics, rack
    },
    read(reader) {
      reader.throttleTime();
      const errorCode = reader.int16();
      reader.int32(); // session
      const topics = reader.array(() => {
        const topicName = reader.string() ?? "";
        return reader.array((): Fetched => {
          const partition = reader.int32();
          const ownCode = reader.int16();
          reader.int64(); // high watermark
          const lastStableOffset = reader.int64();
          reader.int64(); // log start offset
          const aborted = reader.array(() => ({
            producerId: reader.bigint64(),
            firstOffset: reader.int64(),
          }));
          reader.int32(); // preferred read replica
          const code = errorCode === 0 ? ownCode : errorCode;
          const bytes = reader.bytes();
          return { topicName, partition, errorCode: code, lastStableOffset, aborted, bytes };
        });
      });
      return topics.flat();
    },
    requestTimeout: maxWaitMs + 10_000,
  });
}
