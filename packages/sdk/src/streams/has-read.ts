import type { AssignedPartition, EventLog } from "../ports/event-log.ts";

/** Whether no record is left to read from the offset on; undefined: from the beginning. */
export async function hasRead(
  eventLog: Pick<EventLog, "offsets" | "read">,
  { topic, partition }: AssignedPartition,
  offset: number | undefined,
): Promise<boolean> {
  const offsets = await eventLog.offsets(topic);
  const { earliest = 0, next = 0 } = offsets.find((each) => each.partition === partition) ?? {};
  const from = Math.max(offset ?? earliest, earliest);
  if (from >= next) return true;
  // Offsets may have gaps at the end.
  const rest = await eventLog.read(topic, partition, from, { maxRecords: 1 });
  return rest.length === 0;
}
