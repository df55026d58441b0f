import { Worker } from "node:worker_threads";
import { EcapError } from "@ecap/sdk";
import type { Feed } from "./feeds.ts";
import type { OutputTensor } from "./read-scores.ts";

type Outputs = Readonly<Record<string, OutputTensor>>;

export interface BatchWorker {
  /** ECAP_OVERLOADED where so many wait already. */
  run(feeds: readonly Feed[], maxQueued: number): Promise<Outputs>;
  close(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly outputs?: Outputs;
  readonly error?: string;
}

/** The worker's whole program. It is text, since a worker thread loads no TypeScript, and all it does is run the session. */
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { InferenceSession, Tensor } = require(workerData.onnxruntime);
const session = InferenceSession.create(workerData.bytes, workerData.sessionOptions);
session.catch(() => {});
parentPort.on("message", async ({ id, feeds }) => {
  try {
    const inputs = Object.fromEntries(feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]));
    const results = await (await session).run(inputs, workerData.outputs);
    const outputs = Object.fromEntries(Object.entries(results).map(([name, { data, dims }]) => [name, { data, dims }]));
    parentPort.postMessage({ id, outputs });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error?.message ?? error) });
  }
});
`;

/** Runs batches of one model in a thread of its own, which starts with the first batch and keeps no process alive. */
export function createBatchWorker({
  onnxruntime,
  ...model
}: {
  readonly bytes: Uint8Array;
  readonly outputs: readonly string[];
  /** Where the library is; asked when the worker starts. */
  readonly onnxruntime: () => string;
  readonly sessionOptions: object;
}): BatchWorker {
  const waiting = new Map<
    number,
    { resolve: (outputs: Outputs) => void; reject: (error: unknown) => void }
  >();
  let worker: Worker | undefined;
  let lastId = 0;
  let closed = false;

  function start(): Worker {
    const started = new Worker(program, {
      eval: true,
      workerData: { ...model, onnxruntime: onnxruntime() },
    });
    started.on("message", ({ id, outputs, error }: Reply) => {
      const caller = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
      if (outputs !== undefined) caller?.resolve(outputs);
      else
        caller?.reject(new EcapError("ECAP_MODEL_INPUT", `the model refused the batch: ${error}`));
    });
    started.on("error", (error) => fail(error));
    started.on("exit", () => fail(new Error("the worker ended")));
    return started;
  }

  function fail(cause: unknown): void {
    worker = undefined;
    const error = new EcapError("ECAP_INTERNAL", "the scoring worker failed", { cause });
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  return {
    async run(feeds, maxQueued) {
      if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the model was closed");
      if (waiting.size >= maxQueued) {
        throw new EcapError(
          "ECAP_OVERLOADED",
          `${waiting.size} questions wait for the model already`,
        );
      }
      worker ??= start();
      worker.ref();
      lastId += 1;
      const id = lastId;
      const reply = new Promise<Outputs>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
      });
      const buffers = feeds.map(({ data }) => data.buffer);
      worker.postMessage({ id, feeds }, buffers);
      return await reply;
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  };
}
