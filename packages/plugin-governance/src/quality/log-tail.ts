import {
  createRecordDecoder,
  createSchemaRegistry,
  type EventEnvelope,
  type EventLog,
} from "@ecap/sdk";

/** Records read of a partition at most. */
const maxRecords = 10_000;

/** Events of a tenant at the end of a topic: those past the offsets a reader knows already, and no more than the newest ten thousand of a partition. */
export async function logTail(
  eventLog: Pick<EventLog, "offsets" | "read">,
  {
    topic,
    tenant,
    types,
    after,
  }: {
    readonly topic: string;
    readonly tenant: string;
    readonly types: readonly string[];
    /** Newest known offset by partition. */
    readonly after: ReadonlyMap<number, number>;
  },
): Promise<readonly EventEnvelope[]> {
  const decode = createRecordDecoder(createSchemaRegistry());
  const found: EventEnvelope[] = [];
  for (const { partition, earliest, next } of await eventLog.offsets(topic)) {
    let offset = Math.max(earliest, next - maxRecords, (after.get(partition) ?? -1) + 1);
    while (offset < next) {
      const records = await eventLog.read(topic, partition, offset, { maxRecords: next - offset });
      if (records.length === 0) break;
      for (const record of records) {
        offset = record.offset + 1;
        if ((record.headers["tenant"] ?? "default") !== tenant) continue;
        const event = decode(record);
        if (event !== undefined && types.includes(event.type)) found.push(event);
      }
    }
  }
  return found;
}
