import { isEcapError } from "../errors/ecap-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { ProducerHealth, Trouble } from "./health.ts";

export interface ProducerWatch {
  /** The same log; what is appended through it counts for this producer. */
  watched(name: string, log: EventLog): EventLog;
  /** Producers that have appended something, by name. */
  status(): readonly ProducerHealth[];
}

interface Producer {
  /** When each append under way began. */
  readonly underWay: Map<symbol, number>;
  records: number;
  failures: number;
  lastSuccessAt: number | undefined;
  failing: Trouble | undefined;
}

/** Watches appends by who makes them. */
export function createProducerWatch(clock: Clock): ProducerWatch {
  const producers = new Map<string, Producer>();

  function producerOf(name: string): Producer {
    const known = producers.get(name);
    if (known !== undefined) return known;
    const producer: Producer = {
      underWay: new Map(),
      records: 0,
      failures: 0,
      lastSuccessAt: undefined,
      failing: undefined,
    };
    producers.set(name, producer);
    return producer;
  }

  async function watchAppend<T>(name: string, records: number, append: () => Promise<T>) {
    const producer = producerOf(name);
    const call = Symbol(name);
    producer.underWay.set(call, clock.now());
    try {
      const positions = await append();
      producer.records += records;
      producer.lastSuccessAt = clock.now();
      producer.failing = undefined;
      return positions;
    } catch (error) {
      producer.failures += 1;
      const { since = clock.now(), attempts = 0 } = producer.failing ?? {};
      producer.failing = { code: codeOf(error), since, attempts: attempts + 1 };
      throw error;
    } finally {
      producer.underWay.delete(call);
    }
  }

  return {
    watched: (name, log) => ({
      createTopic: (topic, spec) => log.createTopic(topic, spec),
      topics: () => log.topics(),
      append: (topic, records) =>
        watchAppend(name, records.length, () => log.append(topic, records)),
      read: (topic, partition, from, options) => log.read(topic, partition, from, options),
      offsets: (topic) => log.offsets(topic),
      committed: (group, topic) => log.committed(group, topic),
      consume: (options) => log.consume(options),
    }),
    status: () =>
      [...producers].map(([name, producer]) => {
        const { underWay, records, failures, lastSuccessAt, failing } = producer;
        // A Map keeps the order in which calls began.
        const [oldestAt] = underWay.values();
        return {
          name,
          inFlight: underWay.size,
          records,
          failures,
          ...(oldestAt !== undefined && { oldestAt }),
          ...(lastSuccessAt !== undefined && { lastSuccessAt }),
          ...(failing !== undefined && { failing }),
        };
      }),
  };
}

/** The code of an ECAP error; ECAP_INTERNAL of any other. */
export function codeOf(error: unknown): string {
  return isEcapError(error) ? error.code : "ECAP_INTERNAL";
}
