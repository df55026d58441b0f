import type { DuckDBConnection } from "@duckdb/node-api";
import { EcapError } from "@ecap/sdk";

/** A connection and the lake views it holds, by table name: the key of each. */
export interface Session {
  readonly connection: DuckDBConnection;
  readonly views: Map<string, string>;
}

export interface SessionPool {
  /** Runs the step on a session no other uses, preferably one whose views suit; waits for one where all are busy. */
  use<T>(
    options: { readonly suits: (session: Session) => boolean; signal: AbortSignal },
    step: (session: Session) => Promise<T>,
  ): Promise<T>;
  close(): void;
}

interface Waiter {
  take(session: Session): void;
}

/** Queries waiting for a connection, past which new ones are refused. */
const maxWaiting = 1_000;

export function sessionPool(size: number, connect: () => Promise<DuckDBConnection>): SessionPool {
  const idle: Session[] = [];
  const waiting = new Set<Waiter>();
  let opened = 0;
  let closed = false;

  const acquire = async (suits: (session: Session) => boolean, signal: AbortSignal) => {
    const suiting = idle.findIndex(suits);
    const [ready] = suiting >= 0 ? idle.splice(suiting, 1) : opened < size ? [] : idle.splice(0, 1);
    if (ready) return ready;
    if (opened < size) {
      opened++;
      try {
        return { connection: await connect(), views: new Map<string, string>() };
      } catch (error) {
        opened--;
        throw error;
      }
    }
    if (waiting.size >= maxWaiting) {
      throw new EcapError("ECAP_OVERLOADED", `${maxWaiting} queries are waiting already`);
    }
    return new Promise<Session>((resolve, reject) => {
      const waiter: Waiter = {
        take: (free) => {
          signal.removeEventListener("abort", give);
          resolve(free);
        },
      };
      const give = () => {
        waiting.delete(waiter);
        reject(new Error("gave up waiting for a connection"));
      };
      signal.addEventListener("abort", give, { once: true });
      waiting.add(waiter);
    });
  };

  const release = (session: Session) => {
    if (closed) return session.connection.closeSync();
    const [next] = waiting;
    if (!next) return void idle.push(session);
    waiting.delete(next);
    next.take(session);
  };

  return {
    async use({ suits, signal }, step) {
      signal.throwIfAborted();
      const session = await acquire(suits, signal);
      try {
        return await step(session);
      } finally {
        release(session);
      }
    },
    close() {
      closed = true;
      for (const session of idle.splice(0)) session.connection.closeSync();
    },
  };
}
