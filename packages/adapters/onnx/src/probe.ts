import { Worker } from "node:worker_threads";
import type { Feed } from "./feeds.ts";

/** What a trial of a model found, in milliseconds; `error` in the place of what did not work. */
export interface ProbeResult {
  readonly createMs?: number;
  readonly rowMs?: number;
  readonly error?: string;
}

export interface Probe {
  /** Loads the model and scores a row of zeros a few times; undefined where that did not end within the time limit. */
  try(model: {
    readonly bytes: Uint8Array;
    readonly outputs: readonly string[];
    readonly feeds: readonly Feed[] | undefined;
  }): Promise<ProbeResult | undefined>;
}

/** The worker's whole program, as text since a worker thread loads no TypeScript. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { InferenceSession, Tensor } = require(workerData.onnxruntime);
parentPort.on("message", async ({ bytes, outputs, feeds }) => {
  const found = {};
  try {
    let session;
    const begun = performance.now();
    // The least of several tries: a busy machine must not make a model look slow.
    for (let run = 0; run < 3 && performance.now() - begun < 300; run += 1) {
      await session?.release();
      const from = performance.now();
      session = await InferenceSession.create(bytes, workerData.sessionOptions);
      found.createMs = Math.min(found.createMs ?? Infinity, performance.now() - from);
      if (found.createMs < 10) break;
    }
    if (feeds !== undefined) {
      const inputs = Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]));
      const first = performance.now();
      for (let run = 0; run < 12 && performance.now() - first < 200; run += 1) {
        const from = performance.now();
        await session.run(inputs, outputs);
        found.rowMs = Math.min(found.rowMs ?? Infinity, performance.now() - from);
      }
    }
    await session.release();
  } catch (error) {
    found.error = String(error?.message ?? error);
  }
  parentPort.postMessage(found);
});
`;

/** How long a thread that has nothing to try is kept. */
const idleMs = 5_000;

/**
 * Tries models in a thread of its own, one after the other, so that neither a large file nor a slow graph holds the calling thread. The thread keeps no
 * process alive and ends when there is nothing to try.
 */
export function createProbe({
  onnxruntime,
  sessionOptions,
  timeoutMs,
}: {
  /** Where the library is; asked when the thread starts. */
  readonly onnxruntime: () => string;
  readonly sessionOptions: object;
  readonly timeoutMs: number;
}): Probe {
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  function start(): Worker {
    const started = new Worker(program, {
      eval: true,
      workerData: { onnxruntime: onnxruntime(), sessionOptions },
    });
    started.on("exit", () => {
      if (worker === started) worker = undefined;
    });
    return started;
  }

  function end(): void {
    void worker?.terminate();
    worker = undefined;
  }

  function ask(model: Parameters<Probe["try"]>[0]): Promise<ProbeResult | undefined> {
    clearTimeout(idle);
    worker ??= start();
    const asked = worker;
    asked.ref();
    return new Promise<ProbeResult | undefined>((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        settle(() => resolve(undefined));
      }, timeoutMs);
      const answered = (result: ProbeResult): void => settle(() => resolve(result));
      const failed = (error: unknown): void => settle(() => reject(error));
      const exited = (): void => failed(new Error("the thread that tries models ended"));
      function settle(then: () => void): void {
        clearTimeout(timer);
        asked.off("message", answered).off("error", failed).off("exit", exited);
        asked.unref();
        idle = setTimeout(end, idleMs).unref();
        then();
      }
      asked.on("message", answered).on("error", failed).on("exit", exited);
      asked.postMessage(model, []);
    });
  }

  return {
    try(model) {
      const next = last.then(() => ask(model));
      last = next.catch(() => {});
      return next;
    },
  };
}
