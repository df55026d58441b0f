/** The consumer group of a topic's lake sink. */
export function sinkGroup(topic: string): string {
  return `lake-sink.${topic}`;
}
