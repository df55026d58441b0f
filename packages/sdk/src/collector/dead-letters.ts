import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import { object } from "../events/dialect.ts";
import { attemptsBeforeHeader, onlyForHeader, redrivesHeader } from "../events/redriven.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { Platform } from "../platform/platform.ts";
import type { StateEntry } from "../ports/state-store.ts";
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

export interface RedriveQuery extends Omit<DeadLetterQuery, "openOnly"> {
  /** One that was put back this often is refused: what nobody mends must not go round for ever. Default 5. */
  readonly maxRedrives?: number;
}

/** What became of a letter: its receipt; `redriven` where it went back to the consumer that could not take it; or `refused`. */
export interface RedriveResult extends Omit<Receipt, "status"> {
  readonly offset: number;
  readonly status: Receipt["status"] | "redriven" | "refused";
}

/** A letter that is being put back is nobody else's for this long. */
const claimMs = 600_000;
/** That it was put back is known as long as any letter is kept. */
const markMs = 365 * 86_400_000;

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
      const isTaken = openOnly && marks[index] !== undefined;
      if (found.length < limit && !isTaken)
        found.push({ ...letter, redriven: isRedriven(marks[index]) });
    });
    offset = last.offset + 1;
  }
  return found;
}

/**
 * Puts the letters back that were not put back yet: those the collector refused through the collector, and those a consumer could not take to that
 * consumer alone. What is refused again becomes a new letter, which knows of all attempts before.
 */
export async function redriveDeadLetters(
  platform: Platform,
  collector: Collector,
  { maxRedrives = 5, ...query }: RedriveQuery,
): Promise<readonly RedriveResult[]> {
  const stateStore = platform.port("stateStore");
  const clock = platform.port("clock");
  const results: RedriveResult[] = [];
  for (const letter of await listDeadLetters(platform, { ...query, openOnly: true })) {
    const { offset } = letter;
    const refusal = refusalOf(letter, maxRedrives);
    if (refusal !== undefined) {
      results.push({ ...refusal, status: "refused", offset });
      continue;
    }
    const key = redrivenKey(query.topic, offset);
    const claim = { key, value: claimed, expiresAt: clock.now() + claimMs };
    const version = await stateStore.compareAndSet(claim, undefined);
    // Somebody else puts it back at this moment.
    if (version === undefined) continue;
    try {
      results.push({ ...(await redrive(platform, collector, letter)), offset });
    } catch (error) {
      await stateStore.compareAndSet({ key, value: undefined }, version);
      // Bytes that are no JSON stay where they are, and do not stand in the way of the others.
      if (!isEcapError(error, "ECAP_BODY_UNREADABLE")) throw error;
      const { code, message } = error;
      results.push({ status: "quarantined", code, message, offset });
      continue;
    }
    const mark = { key, value: redriven, expiresAt: clock.now() + markMs };
    await stateStore.compareAndSet(mark, version);
  }
  await stateStore.flush();
  return results;
}

function refusalOf(
  { redrives, consumer, origin }: DeadLetter,
  maxRedrives: number,
): Pick<RedriveResult, "code" | "message"> | undefined {
  if (redrives >= maxRedrives)
    return {
      code: "ECAP_REDRIVE_LIMIT",
      message: `it was put back ${redrives} times, the limit is ${maxRedrives}`,
    };
  if (consumer !== undefined && origin === undefined)
    return {
      code: "ECAP_REDRIVE_IMPOSSIBLE",
      message: `${consumer} made it itself: there is no record to take again`,
    };
  return undefined;
}

async function redrive(
  platform: Platform,
  collector: Collector,
  letter: DeadLetter,
): Promise<Omit<RedriveResult, "offset">> {
  const { headers, bytes, consumer, origin, key } = letter;
  const history = {
    [redrivesHeader]: String(letter.redrives + 1),
    [attemptsBeforeHeader]: String(letter.attempts),
  };
  if (consumer !== undefined && origin !== undefined) {
    const record = {
      ...(key !== undefined && { key }),
      partition: origin.partition,
      value: bytes,
      timestamp: platform.port("clock").now(),
      headers: { ...headers, ...history, [onlyForHeader]: consumer },
    };
    await platform.health.producer("redrive").append(origin.topic, [record]);
    return { status: "redriven" };
  }
  const [receipt] = await collector.collect({
    bytes,
    tenant: headers["tenant"] ?? "default",
    source: headers["source"] ?? "unknown",
    dialect: headers["dialect"] ?? "ecap",
    headers: history,
    ...(headers["defaults"] !== undefined && { defaults: object(JSON.parse(headers["defaults"])) }),
  });
  return receipt ?? { status: "quarantined" };
}

const claimed = new Uint8Array([0]);
const redriven = new Uint8Array([1]);

function isRedriven(entry: StateEntry | undefined): boolean {
  return entry?.value[0] === redriven[0];
}

function redrivenKey(topic: string, offset: number): string {
  return `dlq/${topic}/${offset}`;
}
