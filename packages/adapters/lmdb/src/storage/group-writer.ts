import { EcapError } from "@ecap/sdk";
import type { Environment } from "./environment.ts";
import { storageError } from "./storage-error.ts";

/** What follows on a transaction that a participant wrote into. */
export interface Outcome {
  /** Readers see it. */
  committed?(): void;
  /** It survives a crash. */
  durable?(): void;
  /** Nothing of the transaction happened. */
  failed?(error: unknown): void;
}

/** Puts what waits into the transaction being made; undefined where nothing waits. */
export type Participant = () => Outcome | undefined;

export interface GroupWriter {
  /** Participants write in the order they were added. */
  add(participant: Participant): void;
  /** Puts `work` into the next transaction, before what participants write; resolves when it is durable. */
  write(work: () => void): Promise<void>;
  /** Writes what waits, at the latest after so long. */
  schedule(withinMs: number): void;
  /** Resolves when everything that waits now is durable; rejects where it could not be written. */
  flush(): Promise<void>;
  readonly close: () => Promise<void>;
  assertOpen(): void;
}

interface Work {
  readonly work: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const retryAfterMs = 1_000;

/**
 * Group commit: everything that came while a transaction was being written goes into the next one, so that many callers share one sync to
 * disk. One transaction is written at a time; the sync of one overlaps the writing of the next.
 *
 * Nothing else may write to the environment: LMDB never settles the `flushed` of a transaction that failed, so it is asked for only
 * where the last transaction is one that was written here and did not.
 */
export function createGroupWriter({ root, path }: Environment): GroupWriter {
  const participants: Participant[] = [];
  let works: Work[] = [];
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let soon = false;
  /** Resolves the failure, where there was one. */
  let writing: Promise<unknown> | undefined;
  let syncing: Promise<void> = Promise.resolve();
  let closed = false;

  function schedule(withinMs: number): void {
    if (withinMs <= 0) {
      if (soon) return;
      soon = true;
      // After the callers that are ready in this turn of the event loop have come.
      if (writing === undefined) setImmediate(drain);
      return;
    }
    const at = Date.now() + withinMs;
    if (soon || timerAt <= at) return;
    clearTimeout(timer);
    timerAt = at;
    timer = setTimeout(() => schedule(0), withinMs);
  }

  function drain(): void {
    if (writing !== undefined || !soon) return;
    soon = false;
    clearTimeout(timer);
    timerAt = Infinity;
    writing = write().finally(() => {
      writing = undefined;
      if (soon) drain();
    });
  }

  function doWorks(): Outcome | undefined {
    if (works.length === 0) return undefined;
    const done = works;
    works = [];
    for (const { work } of done) work();
    return {
      durable() {
        for (const { resolve } of done) resolve();
      },
      failed(error) {
        for (const { reject } of done) reject(error);
      },
    };
  }

  async function write(): Promise<unknown> {
    const outcomes: Outcome[] = [];
    try {
      await root.batch(() => {
        for (const participant of [doWorks, ...participants]) {
          const outcome = participant();
          if (outcome !== undefined) outcomes.push(outcome);
        }
      });
    } catch (error) {
      const failure = storageError(await causeOf(error), path);
      for (const outcome of outcomes) outcome.failed?.(failure);
      // Visible state still waits to be stored.
      if (outcomes.length > 0 && !closed) schedule(retryAfterMs);
      return failure;
    }
    for (const outcome of outcomes) outcome.committed?.();
    if (outcomes.length === 0) return undefined;
    // Asked for at once: later it would be the promise of a later transaction.
    syncing = root.flushed.then(
      () => {
        for (const outcome of outcomes) outcome.durable?.();
      },
      (error) => {
        const failure = storageError(error, path);
        for (const outcome of outcomes) outcome.failed?.(failure);
      },
    );
    return undefined;
  }

  async function flush(): Promise<void> {
    // What is being written now was collected before this call; what waits goes into the one after it.
    await writing;
    schedule(0);
    drain();
    const failure = await writing;
    if (failure !== undefined) throw failure;
    await syncing;
  }

  function assertOpen(): void {
    if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", `${path} was closed`);
  }

  return {
    add: (participant) => void participants.push(participant),
    async write(work) {
      assertOpen();
      await new Promise<void>((resolve, reject) => {
        works.push({ work, resolve, reject });
        schedule(0);
      });
    },
    schedule,
    flush,
    async close() {
      if (closed) return;
      closed = true;
      try {
        await flush();
      } finally {
        clearTimeout(timer);
      }
    },
    assertOpen,
  };
}

/** LMDB rejects with "Commit failed" and says why in a further promise. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
