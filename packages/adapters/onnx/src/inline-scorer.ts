import type { ModelScore } from "@ecap/sdk";
import type { InferenceSession } from "onnxruntime-node";
import type { Feed, FeedLayout } from "./feeds.ts";
import type { OnnxRuntime } from "./load-onnxruntime.ts";
import { invalid, type ModelFile } from "./model-file.ts";
import { readScores } from "./read-scores.ts";

export interface InlineScorerOptions {
  readonly session: InferenceSession;
  readonly outputs: readonly string[];
  readonly file: ModelFile;
  readonly layout: FeedLayout;
  readonly Tensor: OnnxRuntime["Tensor"];
}

interface Waiting {
  readonly features: readonly number[];
  readonly resolve: (score: ModelScore) => void;
  readonly reject: (error: unknown) => void;
}

/** The tensors of a call, and what rows are written into. */
interface Call {
  readonly feeds: readonly Feed[];
  readonly tensors: InferenceSession.FeedsType;
}

const maxSpare = 8;
/** Rows of one call: so many take the calling thread for less than a model that is run there may take for one. */
const maxRows = 64;

/**
 * Scores rows on the calling thread. Rows that are asked for in one turn of the event loop go into one call of the session, of which the call itself is the
 * dearer part; where a call of several fails, each is asked for alone, so that a row answers for itself only.
 */
export function inlineScorer({ session, outputs, file, layout, Tensor }: InlineScorerOptions) {
  const together = takesManyRows(file) && layout.width !== undefined ? maxRows : 1;
  /** Tensors of one row that no call is using. */
  const spare: Call[] = [];
  let waiting: Waiting[] = [];

  function callOf(rows: number, width: number): Call {
    const feeds = layout.allocate(rows, width);
    const tensors = Object.fromEntries(
      feeds.map(({ name, type, data, dims }) => [name, new Tensor(type, data, dims)]),
    );
    return { feeds, tensors };
  }

  function flush(): void {
    const all = waiting;
    waiting = [];
    for (let from = 0; from < all.length; from += together) {
      const part = all.slice(from, from + together);
      if (part.length === 1) part.forEach(alone);
      else void scoreTogether(part);
    }
  }

  async function scoreTogether(rows: readonly Waiting[]): Promise<void> {
    let scores: readonly ModelScore[];
    try {
      const { feeds, tensors } = callOf(rows.length, layout.width ?? 0);
      rows.forEach(({ features }, row) => layout.write(feeds, row, features));
      scores = readScores(await session.run(tensors, outputs), rows.length, file);
    } catch {
      rows.forEach(alone);
      return;
    }
    rows.forEach(({ resolve, reject }, row) => {
      const score = scores[row];
      if (score === undefined) reject(invalid("it gave no row back"));
      else resolve(score);
    });
  }

  function alone({ features, resolve, reject }: Waiting): void {
    scoreOne(features).then(resolve, reject);
  }

  async function scoreOne(features: readonly number[]): Promise<ModelScore> {
    const reusable = layout.width !== undefined;
    const call = (reusable ? spare.pop() : undefined) ?? callOf(1, features.length);
    try {
      layout.write(call.feeds, 0, features);
      const [score] = readScores(await session.run(call.tensors, outputs), 1, file);
      if (score === undefined) throw invalid("it gave no row back");
      return score;
    } finally {
      if (reusable && spare.length < maxSpare) spare.push(call);
    }
  }

  return (features: readonly number[]): Promise<ModelScore> =>
    new Promise((resolve, reject) => {
      waiting.push({ features, resolve, reject });
      // After everything that is ready to ask in this turn has asked.
      if (waiting.length === 1) process.nextTick(flush);
    });
}

/** Whether every input leaves open how many rows come. */
function takesManyRows({ description }: ModelFile): boolean {
  return description.inputs.every(({ shape }) => typeof shape[0] !== "number");
}
