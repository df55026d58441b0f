import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import { object } from "../events/dialect.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { Platform } from "../platform/platform.ts";
import type { Collector } from "./collector.ts";
import { type DeadLetter, readDeadLetter } from "./dead-letter.ts";
import type { Receipt } from "./receipt.ts";

export interface DeadLetterQuery {
  readonly topic: string;
  readonly tenant?: string;
  /** Offset to begin at. */
  readonly from?: number;
  /** Default 100. */
  readonly limit?: number;
  /** Leaves out those that were put back already. */
  readonly openOnly?: boolean;
}

export interface ListedDeadLetter extends DeadLetter {
  /** Whether it was put back already. */
  readonly redriven: boolean;
}

/** The dead letters of a topic, oldest first. */
export async function listDeadLetters(
  platform: Platform,
  { topic, tenant, from = 0, limit = 100, openOnly = false }: DeadLetterQuery,
): Promise<readonly ListedDeadLetter[]> {
  const eventLog = platform.port("eventLog");
  const stateStore = platform.port("stateStore");
  const [bounds] = await eventLog.offsets(deadLetterTopic(topic));
  if (bounds === undefined)
    throw new EcapError("ECAP_TOPIC_UNKNOWN", `there is no topic "${topic}"`);
  const found: ListedDeadLetter[] = [];
  for (
    let offset = Math.max(from, bounds.earliest);
    offset < bounds.next && found.length < limit;
  ) {
    const records = await eventLog.read(deadLetterTopic(topic), 0, offset, { maxRecords: 1_000 });
    const last = records.at(-1);
    if (last === undefined) break;
    const letters = records
      .map(readDeadLetter)
      .filter((letter) => tenant === undefined || letter.headers["tenant"] === tenant);
    const marks = await stateStore.get(letters.map((letter) => redrivenKey(topic, letter.offset)));
    letters.forEach((letter, index) => {
      const redriven = marks[index] !== undefined;
      if (found.length < limit && !(openOnly && redriven)) found.push({ ...letter, redriven });
    });
    offset = last.offset + 1;
  }
  return found;
}

/** Sends the letters that were not put back yet through the collector again; those refused again become new dead letters. */
export async function redriveDeadLetters(
  platform: Platform,
  collector: Collector,
  query: DeadLetterQuery,
): Promise<ReadonlyArray<Receipt & { readonly offset: number }>> {
  const stateStore = platform.port("stateStore");
  const results: Array<Receipt & { readonly offset: number }> = [];
  for (const letter of await listDeadLetters(platform, { ...query, openOnly: true })) {
    const { headers } = letter;
    const delivery = {
      bytes: letter.bytes,
      tenant: headers["tenant"] ?? "default",
      source: headers["source"] ?? "unknown",
      dialect: headers["dialect"] ?? "ecap",
      ...(headers["defaults"] !== undefined && {
        defaults: object(JSON.parse(headers["defaults"])),
      }),
    };
    const [receipt] = await collector.collect(delivery).catch((error: unknown) => {
      // Bytes that are no JSON stay where they are, and do not stand in the way of the others.
      if (!isEcapError(error, "ECAP_BODY_UNREADABLE")) throw error;
      const { code, message } = error;
      results.push({ status: "quarantined", code, message, offset: letter.offset });
      return [];
    });
    if (receipt === undefined) continue;
    results.push({ ...receipt, offset: letter.offset });
    await stateStore.compareAndSet(
      { key: redrivenKey(query.topic, letter.offset), value: new Uint8Array([1]) },
      undefined,
    );
  }
  await stateStore.flush();
  return results;
}

function redrivenKey(topic: string, offset: number): string {
  return `dlq/${topic}/${offset}`;
}
