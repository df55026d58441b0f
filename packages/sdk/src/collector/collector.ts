import { hashId, type IdHash } from "../dedupe/id-window.ts";
import { SeenIds } from "../dedupe/seen-ids.ts";
import { EcapError } from "../errors/ecap-error.ts";
import { type Dialect, mergeDefaults, nativeDialect, type RawObject } from "../events/dialect.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import { parseTime, partitionKey, type RecordMeta, recordHeaders } from "../events/record-codec.ts";
import { deadLetterTopic } from "../events/topics.ts";
import type { Platform } from "../platform/platform.ts";
import type { LogRecord, NewLogRecord } from "../ports/event-log.ts";
import { type DeadLetterReason, deadLetterRecord } from "./dead-letter.ts";
import { type JudgeOptions, judgeEvent, type UnplannedPolicy } from "./judge-event.ts";
import { asObject, type ParsedBody, parseBody } from "./parsed-body.ts";
import type { Receipt } from "./receipt.ts";
import { createValidators } from "./validators.ts";

export interface CollectorOptions {
  /** Unknown event types: taken as they are (default) or quarantined. */
  readonly unplannedEvents?: "allow" | "quarantine";
  /** Unknown properties of known types: kept (default), left out on reading, or the event quarantined. */
  readonly unplannedProperties?: UnplannedPolicy;
  /** How long an id is remembered. Default 24 h. */
  readonly dedupeWindowMs?: number;
  /** How many ids are remembered. Default 2,000,000; past it the oldest are forgotten before their time. */
  readonly dedupeMaxIds?: number;
  /** Also refuses a second event of one business fact, such as a second `order.completed` of an order, within the same window. Default false. */
  readonly dedupeByBusinessKey?: boolean;
  /** How far past our clock an event time may lie. Default 5 minutes. */
  readonly maxFutureMs?: number;
  /** Default 512 KiB. */
  readonly maxEventBytes?: number;
  /** Default 5,000. */
  readonly maxBatchEvents?: number;
  /** Events under way at a time; past it ECAP_OVERLOADED. Default 100,000. */
  readonly maxPendingEvents?: number;
  /** Bytes of bodies under way at a time; past it ECAP_OVERLOADED. Default 32 MiB. */
  readonly maxPendingBytes?: number;
  /** How long the log may take to make a body's events durable before its sender is told to come back: ECAP_LOG_SLOW. What is under way
   * goes on, and counts for the limits above until it ends; so events sent again are recognised. Default 10,000. */
  readonly appendTimeoutMs?: number;
}

export interface Delivery {
  /** The body, gunzipped: an array of events, an object with `batch`, or one event. */
  readonly bytes: Uint8Array;
  /** Who may have sent it, from the key it came with; never from the body. */
  readonly tenant: string;
  readonly source: string;
  /** Name of the dialect. */
  readonly dialect: string;
  /** Members every event takes over where it lacks them, as in `{ type: "track" }`. */
  readonly defaults?: RawObject;
  /** Ids that count as seen whatever the window says, as in an import run again a month later. */
  readonly known?: (id: string) => boolean;
  /** Headers its records get beside those of the door. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Collector {
  /** Takes the events of a body: a receipt for each, in their order. A body that cannot be read at all is an error and nothing of it is taken. */
  collect(delivery: Delivery): Promise<readonly Receipt[]>;
  readonly remembered: { readonly ids: number; readonly forgottenEarly: number };
  close(): Promise<void>;
}

const defaultTopic = "user-events";
const maxDepth = 64;

/** An event that may pass: its record, what marks it as seen, and the receipt it gets once it is durable. */
interface Passage {
  readonly position: number;
  readonly topic: string;
  readonly record: NewLogRecord;
  readonly hashes: readonly IdHash[];
  readonly receipt: Receipt;
}

/** What the events of one body have in common. */
interface BatchFrame {
  readonly delivery: Delivery;
  readonly dialect: Dialect;
  readonly defaults: RawObject | undefined;
  readonly sentAt: number | undefined;
  readonly now: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly droppingHeaders: Readonly<Record<string, string>>;
  /** Resolves when the events of this body are durable or have failed. */
  readonly settled: Promise<void>;
}

/** Said of an event whose twin is being appended by another body at this moment: it is looked at again when that has ended. */
const later = Symbol("later");

/**
 * The door of the platform: raw bytes become validated, deduplicated, durable events with receipts. An event is appended, then marked as seen, then
 * receipted; so an event with a receipt is never lost, and one without can be sent again.
 */
export async function createCollector(
  platform: Platform,
  options: CollectorOptions = {},
): Promise<Collector> {
  const { registry } = platform;
  const eventLog = platform.health.producer("collector");
  const clock = platform.port("clock");
  const {
    dedupeByBusinessKey = false,
    maxEventBytes = 512 * 1024,
    maxBatchEvents = 5_000,
    maxPendingEvents = 100_000,
    maxPendingBytes = 32 << 20,
    appendTimeoutMs = 10_000,
  } = options;
  const dialects = new Map(
    [nativeDialect, ...platform.dialects].map((dialect) => [dialect.name, dialect]),
  );
  const judging: JudgeOptions = {
    validators: createValidators(registry),
    unplannedEvents: options.unplannedEvents ?? "allow",
    unplannedProperties: options.unplannedProperties ?? "allow",
    maxFutureMs: options.maxFutureMs ?? 300_000,
  };
  const definitions = new Map<string, EventDefinition | undefined>();
  /** Ids (and business facts) on their way into the log, with what resolves when they are there. */
  const inFlight = new Map<string, Promise<void>>();
  let pending = 0;
  let pendingBytes = 0;
  const seen = await SeenIds.restore({
    name: "collector",
    stateStore: platform.port("stateStore"),
    eventLog,
    topics: Object.keys(platform.topics),
    clock,
    windowMs: options.dedupeWindowMs ?? 24 * 3_600_000,
    maxIds: options.dedupeMaxIds ?? 2_000_000,
    identify: (record) => identify(record, platform, dedupeByBusinessKey),
  });

  function definitionOf(name: string): EventDefinition | undefined {
    if (definitions.has(name)) return definitions.get(name);
    const definition = registry.resolve(name);
    if (definitions.size < 10_000) definitions.set(name, definition);
    return definition;
  }

  function collect(delivery: Delivery): Promise<readonly Receipt[]> {
    return inTime(takeAll(delivery));
  }

  /** The work goes on when nobody waits for it any more. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () =>
          reject(
            new EcapError(
              "ECAP_LOG_SLOW",
              `the event log did not make the events durable within ${appendTimeoutMs} ms`,
            ),
          ),
        appendTimeoutMs,
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async function takeAll(delivery: Delivery): Promise<readonly Receipt[]> {
    const { length: bytes } = delivery.bytes;
    if (pendingBytes + bytes > maxPendingBytes)
      throw new EcapError(
        "ECAP_OVERLOADED",
        `${pendingBytes} bytes are under way, the limit is ${maxPendingBytes}`,
      );
    const body = parseBody(delivery.bytes, maxBatchEvents);
    const { length } = body.events;
    if (pending + length > maxPendingEvents)
      throw new EcapError(
        "ECAP_OVERLOADED",
        `${pending} events are under way, the limit is ${maxPendingEvents}`,
      );
    pending += length;
    pendingBytes += bytes;
    try {
      const receipts: Receipt[] = Array.from({ length });
      let positions: readonly number[] = body.events.map((_, position) => position);
      while (positions.length > 0) positions = await takeIn(body, positions, delivery, receipts);
      return receipts;
    } finally {
      pending -= length;
      pendingBytes -= bytes;
    }
  }

  /** Takes in the events at these positions; resolves the positions to look at again. */
  async function takeIn(
    body: ParsedBody,
    positions: readonly number[],
    delivery: Delivery,
    receipts: Receipt[],
  ): Promise<readonly number[]> {
    const { promise: settled, settle } = deferred();
    const frame = frameOf(body, delivery, settled);
    const passages: Passage[] = [];
    const again: number[] = [];
    const waitFor = new Set<Promise<void>>();
    const claimed: string[] = [];
    try {
      for (const position of positions) {
        const outcome = examine(body, position, frame, claimed, waitFor);
        if (outcome === later) again.push(position);
        else if ("record" in outcome) passages.push(outcome);
        else receipts[position] = outcome;
      }
      await appendAll(passages, receipts);
    } finally {
      for (const id of claimed) inFlight.delete(id);
      settle();
    }
    await Promise.all(waitFor);
    return again;
  }

  function frameOf(body: ParsedBody, delivery: Delivery, settled: Promise<void>): BatchFrame {
    const dialect = dialects.get(delivery.dialect);
    if (dialect === undefined)
      throw new EcapError("ECAP_REQUEST_INVALID", `there is no dialect "${delivery.dialect}"`);
    const now = clock.now();
    const sentAt = parseTime(body.top["sentAt"] ?? body.top["sent_at"]);
    const context = asObject(body.top["context"]);
    const defaults = context === undefined ? delivery.defaults : { ...delivery.defaults, context };
    const meta: RecordMeta = {
      tenant: delivery.tenant,
      source: delivery.source,
      dialect: dialect.name,
      receivedAt: now,
      sentAt,
      defaults,
    };
    return {
      delivery,
      dialect,
      defaults,
      sentAt,
      now,
      settled,
      headers: { ...recordHeaders(meta), ...delivery.headers },
      droppingHeaders: { ...recordHeaders({ ...meta, dropUnplanned: true }), ...delivery.headers },
    };
  }

  /** Decides on one event and, where it may pass, claims its id. */
  function examine(
    body: ParsedBody,
    position: number,
    frame: BatchFrame,
    claimed: string[],
    waitFor: Set<Promise<void>>,
  ): Passage | Receipt | typeof later {
    const raw = body.events[position];
    const bytes = body.bytesOf(position);
    const refuse = (topic: string, id: string | undefined, reason: DeadLetterReason): Passage =>
      quarantine(position, bytes, topic, id, reason, frame);
    if (raw === undefined)
      return refuse(defaultTopic, undefined, {
        code: "ECAP_EVENT_MALFORMED",
        path: "",
        message: "not a JSON object",
      });
    if (body.depthOf(position) > maxDepth) {
      return refuse(defaultTopic, undefined, {
        code: "ECAP_EVENT_MALFORMED",
        path: "",
        message: `nests deeper than ${maxDepth} levels`,
      });
    }
    const event = frame.dialect.read(
      frame.defaults === undefined ? raw : mergeDefaults(frame.defaults, raw),
    );
    if (event === undefined)
      return refuse(defaultTopic, undefined, {
        code: "ECAP_EVENT_MALFORMED",
        path: "/type",
        message: "the event has no type or name",
      });
    const definition = definitionOf(event.name);
    const topic = definition?.topic ?? defaultTopic;
    if (bytes.length > maxEventBytes) {
      return refuse(topic, event.id, {
        code: "ECAP_EVENT_TOO_LARGE",
        path: "",
        message: `the event has ${bytes.length} bytes, the limit is ${maxEventBytes}`,
      });
    }
    const { tenant } = frame.delivery;
    const hashes: IdHash[] = [];
    const claims: string[] = [];
    if (event.id !== undefined) {
      if (frame.delivery.known?.(event.id) === true) return { id: event.id, status: "duplicate" };
      const state = stateOf(tenant, event.id, frame, waitFor, hashes, claims);
      if (state !== "new") return state === later ? later : { id: event.id, status: "duplicate" };
    }
    const judged = judgeEvent(event, definition, frame.sentAt, frame.now, judging);
    if ("code" in judged) return refuse(topic, event.id, judged);
    if (dedupeByBusinessKey && judged.businessKey !== undefined && definition !== undefined) {
      const state = stateOf(
        tenant,
        businessScope(definition.type, judged.businessKey),
        frame,
        waitFor,
        hashes,
        claims,
      );
      if (state !== "new")
        return state === later
          ? later
          : { ...(event.id !== undefined && { id: event.id }), status: "duplicate" };
    }
    for (const claim of claims) {
      inFlight.set(claim, frame.settled);
      claimed.push(claim);
    }
    const headers = judged.dropUnplanned ? frame.droppingHeaders : frame.headers;
    const receipt: Receipt = {
      ...(event.id !== undefined && { id: event.id }),
      status: "accepted",
      ...(judged.warnings.length > 0 && { warnings: judged.warnings }),
    };
    return {
      position,
      topic,
      hashes,
      receipt,
      record: { key: partitionKey(event), value: bytes, headers, timestamp: judged.time },
    };
  }

  /** Whether the id is new, seen, or on its way in by another body; a new one is put on the lists of what to claim and mark. */
  function stateOf(
    tenant: string,
    id: string,
    frame: BatchFrame,
    waitFor: Set<Promise<void>>,
    hashes: IdHash[],
    claims: string[],
  ): "new" | "seen" | typeof later {
    const scoped = `${tenant}\n${id}`;
    const twin = inFlight.get(scoped);
    if (twin === frame.settled) return "seen";
    if (twin !== undefined) {
      waitFor.add(twin);
      return later;
    }
    const hash = hashId(tenant, id);
    if (seen.has(hash)) return "seen";
    hashes.push(hash);
    claims.push(scoped);
    return "new";
  }

  async function appendAll(passages: readonly Passage[], receipts: Receipt[]): Promise<void> {
    const byTopic = new Map<string, Passage[]>();
    for (const passage of passages) {
      const group = byTopic.get(passage.topic);
      if (group === undefined) byTopic.set(passage.topic, [passage]);
      else group.push(passage);
    }
    const appends = [...byTopic].map(([topic, group]) => appendTo(topic, group, receipts));
    const failed = (await Promise.allSettled(appends)).find(
      (result) => result.status === "rejected",
    );
    if (failed !== undefined) throw failed.reason as Error;
  }

  async function appendTo(
    topic: string,
    passages: readonly Passage[],
    receipts: Receipt[],
  ): Promise<void> {
    const records = passages.map(({ record }) => record);
    const places = await eventLog.append(topic, records);
    passages.forEach(({ position, hashes, receipt }, index) => {
      const place = places[index];
      if (place === undefined) return;
      for (const hash of hashes) seen.add(hash, topic, place.partition, place.offset);
      const unnamed = receipt.id === undefined && receipt.status === "accepted";
      receipts[position] = unnamed
        ? { id: `${topic}-${place.partition}-${place.offset}`, ...receipt }
        : receipt;
    });
  }

  return {
    collect,
    get remembered() {
      return { ids: seen.size, forgottenEarly: seen.forgottenEarly };
    },
    close: () => seen.close(),
  };
}

function deferred(): { readonly promise: Promise<void>; settle(this: void): void } {
  let resolve: (() => void) | undefined;
  const promise = new Promise<void>((settled) => {
    resolve = settled;
  });
  return { promise, settle: () => resolve?.() };
}

function quarantine(
  position: number,
  bytes: Uint8Array,
  topic: string,
  id: string | undefined,
  reason: DeadLetterReason,
  frame: BatchFrame,
): Passage {
  const { code, path, message } = reason;
  return {
    position,
    topic: deadLetterTopic(topic),
    record: deadLetterRecord(bytes, {
      code,
      path,
      message,
      topic,
      headers: frame.headers,
      now: frame.now,
    }),
    hashes: [],
    receipt: { ...(id !== undefined && { id }), status: "quarantined", code, path, message },
  };
}

function identify(
  record: LogRecord,
  platform: Platform,
  byBusinessKey: boolean,
): readonly IdHash[] {
  const event = platform.decode(record);
  if (event === undefined) return [];
  const hashes = [hashId(event.tenant, event.id)];
  const fact = byBusinessKey
    ? platform.registry.get(event.type)?.businessKey?.(event.data)
    : undefined;
  if (fact !== undefined) hashes.push(hashId(event.tenant, businessScope(event.type, fact)));
  return hashes;
}

function businessScope(type: string, key: string): string {
  return `business\n${type}\n${key}`;
}
