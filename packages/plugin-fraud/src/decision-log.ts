import type { EventEnvelope } from "@ecap/sdk";
import { type EventLog, encodeEvent, type Logger } from "@ecap/sdk";

export interface DecisionLog {
  /** Queues the events; resolves when they are durable. */
  append(events: readonly EventEnvelope[]): Promise<void>;
  /** Resolves when fewer than {@link maxQueued} events wait. */
  room(): Promise<void>;
  /** Resolves when everything queued is durable. */
  flush(): Promise<void>;
}

const maxQueued = 50_000;

/** Group commit: what is decided while one append is under way goes out with the next. Past {@link maxQueued} events a decider waits for `room`. */
export function createDecisionLog(
  eventLog: EventLog,
  topicOf: (type: string) => string,
  logger: Logger,
): DecisionLog {
  let queued: EventEnvelope[] = [];
  let next: Promise<void> | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    await writing.catch(() => {});
    next = undefined;
    const events = queued;
    queued = [];
    const byTopic = new Map<string, EventEnvelope[]>();
    for (const event of events) {
      const topic = topicOf(event.type);
      const group = byTopic.get(topic);
      if (group === undefined) byTopic.set(topic, [event]);
      else group.push(event);
    }
    writing = Promise.all(
      [...byTopic].map(([topic, group]) => eventLog.append(topic, group.map(encodeEvent))),
    ).then(() => {});
    writing.catch((error: unknown) =>
      logger.error(
        { error: String(error), events: events.length },
        "decisions could not be recorded",
      ),
    );
    await writing;
  }

  return {
    async append(events) {
      for (const event of events) queued.push(event);
      next ??= write();
      await next;
    },
    async room() {
      while (queued.length >= maxQueued) await next?.catch(() => {});
    },
    async flush() {
      await next;
      await writing;
    },
  };
}
