import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { EcapError } from "@ecap/sdk";

/** Parquet files from and to Arrow IPC streams, off the event loop. */
export interface ParquetCodec {
  /**
   * A Parquet file with the batches of the stream, whose buffer is given away. Columns named in `distinct` hardly repeat a value and are written without a
   * dictionary; a `plain` file is one that is soon thrown away, made fast instead of small.
   */
  write(ipc: Uint8Array, distinct: readonly string[] | "plain"): Promise<Uint8Array>;
  /** Gives the rows of a file to `take`, some thousands at a time, each part a stream of its own. */
  read(parquet: Uint8Array, take: (ipc: Uint8Array) => void): Promise<void>;
  /** Starts a thread for a read that is about to come: loading the library takes it longer than most files. */
  prepare(): void;
  close(): Promise<void>;
}

export interface ParquetCodecOptions {
  /** Threads that compress. */
  readonly threads: number;
  /** A thread without work for this long ends, which is the only way its memory is given back. */
  readonly idleMs: number;
}

type Task =
  | {
      readonly task: "write";
      readonly bytes: Uint8Array;
      readonly distinct: readonly string[] | "plain";
    }
  | { readonly task: "read"; readonly bytes: Uint8Array };

interface Job {
  readonly message: Task;
  take(bytes: Uint8Array): void;
  resolve(): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  idle: NodeJS.Timeout | undefined;
}

export function parquetCodec(options: ParquetCodecOptions): ParquetCodec {
  const threads = new Set<Thread>();
  const waiting: Job[] = [];

  const next = () => {
    while (waiting.length > 0) {
      const thread =
        [...threads].find((candidate) => !candidate.job) ??
        (threads.size < options.threads ? start() : undefined);
      const job = thread && waiting.shift();
      if (!job) return;
      clearTimeout(thread.idle);
      thread.job = job;
      thread.worker.ref();
      const { buffer } = job.message.bytes;
      thread.worker.postMessage(job.message, buffer instanceof ArrayBuffer ? [buffer] : []);
    }
  };

  const start = (): Thread => {
    const module = pathToFileURL(createRequire(import.meta.url).resolve("parquet-wasm/node")).href;
    const worker = new Worker(workerSource, { eval: true, execArgv: [], workerData: { module } });
    const thread: Thread = { worker, job: undefined, idle: undefined };
    threads.add(thread);
    worker.on("message", ({ part, error }: { part?: Uint8Array; error?: string }) => {
      const { job } = thread;
      if (part) {
        try {
          job?.take(part);
        } catch (problem) {
          job?.reject(problem);
        }
        return;
      }
      thread.job = undefined;
      if (error === undefined) job?.resolve();
      else job?.reject(new Error(error));
      rest(thread);
      next();
    });
    worker.on("error", (error: Error) => {
      threads.delete(thread);
      thread.job?.reject(error);
      next();
    });
    return thread;
  };

  const rest = (thread: Thread) => {
    thread.worker.unref();
    thread.idle = setTimeout(() => void stop(thread), options.idleMs);
    thread.idle.unref();
  };

  const stop = async (thread: Thread) => {
    threads.delete(thread);
    clearTimeout(thread.idle);
    thread.job?.reject(closed());
    await thread.worker.terminate();
  };

  const run = (message: Task, take: Job["take"]) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ message, take, resolve, reject });
      next();
    });

  return {
    async write(bytes, distinct) {
      let file: Uint8Array = new Uint8Array();
      await run({ task: "write", bytes, distinct }, (part) => {
        file = part;
      });
      return file;
    },
    read: (parquet, take) => run({ task: "read", bytes: new Uint8Array(parquet) }, take),
    prepare() {
      if (threads.size === 0) rest(start());
    },
    async close() {
      for (const job of waiting.splice(0)) job.reject(closed());
      await Promise.all([...threads].map(stop));
    },
  };
}

function closed(): EcapError {
  return new EcapError("ECAP_STORAGE_CLOSED", "The table store was closed");
}

/** Runs in the thread. It is kept as text because a thread needs a file that Node itself can run, in the source tree too. */
const workerSource = `
const { parentPort, workerData } = require("node:worker_threads");
const loading = import(workerData.module);
parentPort.on("message", async ({ task, bytes, distinct }) => {
  try {
    const parquet = await loading;
    if (task === "write") give(write(parquet, bytes, distinct));
    else await read(parquet, bytes);
    parentPort.postMessage({});
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
function give(part) {
  parentPort.postMessage({ part }, [part.buffer]);
}
async function read(parquet, bytes) {
  const file = await parquet.ParquetFile.fromFile(new Blob([bytes]));
  for await (const batch of await file.stream({ batchSize: 8192 })) give(batch.intoIPCStream());
}
function write(parquet, bytes, distinct) {
  const plain = distinct === "plain";
  let properties = new parquet.WriterPropertiesBuilder()
    .setCompression(plain ? parquet.Compression.UNCOMPRESSED : parquet.Compression.SNAPPY)
    .setStatisticsEnabled(plain ? parquet.EnabledStatistics.None : parquet.EnabledStatistics.Chunk)
    .setDictionaryEnabled(!plain)
    .setCreatedBy("ecap");
  if (!plain) for (const column of distinct) properties = properties.setColumnDictionaryEnabled(column, false);
  return parquet.writeParquet(parquet.Table.fromIPCStream(bytes), properties.build());
}
`;
