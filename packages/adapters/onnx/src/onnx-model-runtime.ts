import { EcapError, type LoadedModel, type ModelRuntime, type ModelScore } from "@ecap/sdk";
import type { InferenceSession } from "onnxruntime-node";
import { createBatchWorker } from "./batch-worker.ts";
import { type Explain, explainerOf } from "./explain/explainer.ts";
import { type FeedLayout, feedLayout } from "./feeds.ts";
import { inlineScorer } from "./inline-scorer.ts";
import { loadOnnxRuntime, type OnnxRuntime, onnxRuntimePath } from "./load-onnxruntime.ts";
import { invalid, type ModelFile, readModelFile } from "./model-file.ts";
import { createProbe } from "./probe.ts";
import { readScores } from "./read-scores.ts";

export interface OnnxModelRuntimeOptions {
  /** Threads inside one scoring of a batch. Default 0: as many as there are cores. One row is always scored on one thread. */
  readonly batchThreads?: number;
  /** Batches that may wait for a model's worker; further ones are ECAP_OVERLOADED. Default 16. */
  readonly maxQueuedBatches?: number;
  /** Rows by themselves that may wait for the worker of a model that does not score on the calling thread. Default 1,000. */
  readonly maxQueuedRows?: number;
  /** Longest a row may take on the calling thread, in milliseconds. A slower model, and one whose time follows from the row's values, scores in its worker. Default 1. */
  readonly inlineMs?: number;
  /** How long a model may take to be loaded and tried, in milliseconds; a slower one is ECAP_MODEL_INVALID. Default 10,000. */
  readonly tryMs?: number;
  /** Instead of loading onnxruntime-node on first use. */
  readonly onnxRuntime?: () => Promise<OnnxRuntime>;
}

/** Rows are put into tensors on the calling thread: so many at a time, so that it is held for a few milliseconds only. */
const chunkRows = 4_096;

/** A session takes the calling thread while it is created; one that takes longer lives in the worker alone. */
const createInlineMs = 50;

/** Runs ONNX models on onnxruntime-node, which is loaded with the first model. */
export function onnxModelRuntime({
  batchThreads = 0,
  maxQueuedBatches = 16,
  maxQueuedRows = 1_000,
  inlineMs = 1,
  tryMs = 10_000,
  onnxRuntime,
}: OnnxModelRuntimeOptions = {}): ModelRuntime {
  const probe = createProbe({
    onnxruntime: onnxRuntimePath,
    sessionOptions: oneThread,
    timeoutMs: tryMs,
  });

  return {
    async load(bytes, options = {}) {
      const file = await readModelFile(bytes);
      const runtime = await loadOnnxRuntime(onnxRuntime);
      const layout = feedLayout(file.description.inputs, options);
      const tried = await probe.try({
        bytes: file.bytes,
        outputs: outputsOf(file),
        feeds: layout.width === undefined ? undefined : layout.allocate(1, layout.width),
      });
      if (tried === undefined)
        throw invalid(`it was not loaded and asked for one row within ${tryMs} ms`);
      const { createMs, rowMs, error } = tried;
      if (createMs === undefined) throw invalid(error ?? "it cannot be loaded");
      const inline =
        !file.repeats && createMs <= createInlineMs && rowMs !== undefined && rowMs <= inlineMs;
      const session = inline ? await createSession(runtime, file.bytes) : undefined;
      const loaded = loadedModel({ session, runtime, file, layout, rowMs });
      // Its first question should not wait for the thread to start.
      if (!inline && layout.width !== undefined)
        await loaded.score(Array.from({ length: layout.width }, () => 0)).catch(() => {});
      return loaded;
    },
  };

  function loadedModel({
    session,
    runtime,
    file,
    layout,
    rowMs,
  }: {
    /** Absent: rows are scored in the worker. */
    readonly session: InferenceSession | undefined;
    readonly runtime: OnnxRuntime;
    readonly file: ModelFile;
    readonly layout: FeedLayout;
    readonly rowMs: number | undefined;
  }): LoadedModel {
    const { description } = file;
    const outputs = outputsOf(file);
    const scoreInline =
      session && inlineScorer({ session, outputs, file, layout, Tensor: runtime.Tensor });
    const worker = createBatchWorker({
      bytes: file.bytes,
      outputs,
      onnxruntime: onnxRuntimePath,
      sessionOptions: { ...quiet, intraOpNumThreads: batchThreads },
    });
    const explainers = new Map<number, Explain | undefined>();
    let closed = false;

    async function scoreChunk(
      rows: ReadonlyArray<readonly number[]>,
      maxQueued: number,
    ): Promise<readonly ModelScore[]> {
      const width = layout.width ?? rows[0]?.length ?? 0;
      const feeds = layout.allocate(rows.length, width);
      rows.forEach((features, row) => {
        if (features.length !== width) {
          const message = `row ${row} has ${features.length} features, not ${width}`;
          throw new EcapError("ECAP_MODEL_INPUT", message, { received: features.length });
        }
        layout.write(feeds, row, features);
      });
      return readScores(await worker.run(feeds, maxQueued), rows.length, file);
    }

    return {
      description,
      ...(rowMs !== undefined && { rowMs }),
      apart: session === undefined,
      async score(features) {
        if (closed) throw new EcapError("ECAP_STORAGE_CLOSED", "the model was closed");
        if (scoreInline !== undefined) {
          try {
            return await scoreInline(features);
          } catch (error) {
            throw inputError(error);
          }
        }
        const [score] = await scoreChunk([features], maxQueuedRows);
        if (score === undefined) throw invalid("it gave no row back");
        return score;
      },
      async scoreBatch(rows) {
        const scores: ModelScore[] = [];
        for (let from = 0; from < rows.length; from += chunkRows) {
          const chunk = rows.slice(from, from + chunkRows);
          scores.push(...(await scoreChunk(chunk, maxQueuedBatches)));
        }
        return scores;
      },
      explain({ column, ...question }) {
        const explain =
          explainers.get(column) ?? explainerOf(file.graph, description.inputs, column);
        explainers.set(column, explain);
        return explain?.(question);
      },
      async close() {
        if (closed) return;
        closed = true;
        await worker.close();
        await session?.release();
      },
    };
  }
}

function outputsOf({ labelOutput, scoreOutputs }: ModelFile): readonly string[] {
  return [...(labelOutput === undefined ? [] : [labelOutput]), ...scoreOutputs];
}

const quiet = { executionMode: "sequential", interOpNumThreads: 1, logSeverityLevel: 3 } as const;

// One row gains nothing from more threads, and the event loop wants the cores.
const oneThread = { ...quiet, intraOpNumThreads: 1 };

async function createSession(runtime: OnnxRuntime, bytes: Uint8Array): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(bytes, oneThread);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error), error);
  }
}

/** What the session itself refuses has to do with the features: the model was loaded and checked. */
function inputError(error: unknown): EcapError {
  if (error instanceof EcapError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EcapError("ECAP_MODEL_INPUT", `the model refused the features: ${message}`, {
    cause: error,
  });
}
