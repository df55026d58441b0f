/** The application under which a table remembers how far a topic's partition was written into it. */
export function sinkAppId(topic: string, partition: number): string {
  return `ecap-sink/${topic}/${partition}`;
}

/** Offset everything before was written, by partition, as a table's transactions tell. */
export function sinkOffsets(
  topic: string,
  transactions: ReadonlyMap<string, number>,
): Map<number, number> {
  const prefix = sinkAppId(topic, 0).slice(0, -1);
  const offsets = new Map<number, number>();
  for (const [appId, offset] of transactions)
    if (appId.startsWith(prefix)) offsets.set(Number(appId.slice(prefix.length)), offset);
  return offsets;
}
