import { groupBy } from "./group-by.ts";
import type { WireRequest } from "./kafkajs-types.ts";
import { wireRequest } from "./wire-request.ts";

export interface OffsetQuery {
  readonly topicName: string;
  readonly partition: number;
  readonly want: "earliest" | "latest";
}

export interface ListedOffset {
  readonly topicName: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly offset: number;
}

/** ListOffsets v3. `stable`: the latest is where the first undecided transaction begins, else where the replicas have everything. */
export function listOffsetsRequest(
  queries: readonly OffsetQuery[],
  { stable }: { readonly stable: boolean },
): WireRequest<readonly ListedOffset[]> {
  const byTopic = groupBy(queries, ({ topicName }) => topicName);
  return wireRequest({
    apiKey: 2,
    apiVersion: 3,
    apiName: "ListOffsets",
    write(writer) {
      writer.int32(-1).int8(stable ? 1 : 0);
      writer.array([...byTopic], ([topicName, ofTopic]) => {
        writer.string(topicName).array(ofTopic, ({ partition, want }) => {
          writer.int32(partition).int64(want === "latest" ? -1 : -2);
        });
      });
    },
    read(reader) {
      reader.throttleTime();
      const topics = reader.array(() => {
        const topicName = reader.string() ?? "";
        return reader.array((): ListedOffset => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          reader.int64(); // timestamp
          return { topicName, partition, errorCode, offset: reader.int64() };
        });
      });
      return topics.flat();
    },
  });
}
