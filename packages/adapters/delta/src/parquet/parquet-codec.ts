import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { EcapError } from "@ecap/sdk";

/** Parquet files from and to Arrow IPC streams, off the event loop. */
export interface ParquetCodec {
  /**
   * A Parquet file with the batch of the stream, whose buffer is given away. Columns named in `distinct` hardly repeat a value and are written without a dictionary.
   */
  write(ipc: Uint8Array, distinct: readonly string[]): Promise<Uint8Array>;
  read(parquet: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ParquetCodecOptions {
  /** Threads that compress. */
  readonly threads: number;
  /** A thread without work for this long ends, which is the only way its memory is given back. */
  readonly idleMs: number;
}

type Task =
  | { readonly task: "write"; readonly bytes: Uint8Array; readonly distinct: readonly string[] }
  | { readonly task: "read"; readonly bytes: Uint8Array };

interface Job {
  readonly message: Task;
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
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
    const worker = new Worker(workerSource, { eval: true, workerData: { module } });
    const thread: Thread = { worker, job: undefined, idle: undefined };
    threads.add(thread);
    worker.on("message", (answer: { bytes?: Uint8Array; error?: string }) => {
      const { job } = thread;
      thread.job = undefined;
      if (answer.bytes) job?.resolve(answer.bytes);
      else job?.reject(new Error(answer.error));
      worker.unref();
      thread.idle = setTimeout(() => void stop(thread), options.idleMs);
      thread.idle.unref();
      next();
    });
    worker.on("error", (error: Error) => {
      threads.delete(thread);
      thread.job?.reject(error);
      next();
    });
    return thread;
  };

  const stop = async (thread: Thread) => {
    threads.delete(thread);
    clearTimeout(thread.idle);
    thread.job?.reject(closed());
    await thread.worker.terminate();
  };

  const run = (message: Task) =>
    new Promise<Uint8Array>((resolve, reject) => {
      waiting.push({ message, resolve, reject });
      next();
    });

  return {
    write: (bytes, distinct) => run({ task: "write", bytes, distinct }),
    read: (parquet) => run({ task: "read", bytes: new Uint8Array(parquet) }),
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
    const answer = task === "write" ? write(parquet, bytes, distinct) : parquet.readParquet(bytes).intoIPCStream();
    parentPort.postMessage({ bytes: answer }, [answer.buffer]);
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
function write(parquet, bytes, distinct) {
  let properties = new parquet.WriterPropertiesBuilder()
    .setCompression(parquet.Compression.SNAPPY)
    .setStatisticsEnabled(parquet.EnabledStatistics.Chunk)
    .setCreatedBy("ecap");
  for (const column of distinct) properties = properties.setColumnDictionaryEnabled(column, false);
  return parquet.writeParquet(parquet.Table.fromIPCStream(bytes), properties.build());
}
`;
