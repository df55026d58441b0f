import type { Link } from "../wire/link.ts";

/** What brokers know a producer by: within one, they recognise a batch that comes twice by its sequence number. */
export interface ProducerSession {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export interface ProducerSessions {
  /** The present session. `broken`: one not to be given again. */
  current(broken?: ProducerSession): Promise<ProducerSession>;
}

export function producerSessions(link: Link, timeoutMs: number): ProducerSessions {
  let session: Promise<ProducerSession> | undefined;
  let present: ProducerSession | undefined;

  async function open(): Promise<ProducerSession> {
    const broker = await link.any();
    const made = await broker.initProducerId({ transactionTimeout: timeoutMs });
    present = { producerId: BigInt(made.producerId), producerEpoch: made.producerEpoch };
    return present;
  }

  return {
    async current(broken) {
      if (broken !== undefined && broken === present) session = undefined;
      session ??= open().catch((error: unknown) => {
        session = undefined;
        throw error;
      });
      return session;
    },
  };
}

/** The sequence number after `count` more records: past the largest 32-bit one they begin again. */
export function nextSequence(sequence: number, count: number): number {
  return (sequence + count) % 2 ** 31;
}
