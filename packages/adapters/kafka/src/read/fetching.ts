import type { TopicMetadata } from "../topics/topic-metadata.ts";
import { codes, KafkaError, staleLeaderCodes } from "../wire/errors.ts";
import type { Fetched } from "../wire/fetch-request.ts";

/** Throws where the broker refused a partition; forgets a leader that is none any more. */
export function assertFetched(metadata: TopicMetadata, topic: string, fetched: Fetched): void {
  const { errorCode, partition } = fetched;
  if (errorCode === 0) return;
  if (staleLeaderCodes.has(errorCode)) metadata.forget(topic);
  throw new KafkaError(errorCode, `Fetch ${topic}/${partition}`);
}

export function isOutOfRange({ errorCode }: Fetched): boolean {
  return errorCode === codes.offsetOutOfRange;
}
