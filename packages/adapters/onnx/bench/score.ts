import { performance } from "node:perf_hooks";
import * as ort from "onnxruntime-node";
import { onnxModelRuntime } from "../src/index.ts";
import { tree } from "../test/onnx-models.ts";

/** `score` against the bare call of onnxruntime-node on the same model; and how long a batch holds the event loop. */
const bytes = tree({ labels: [0, 1], zipMap: false });
const runs = 50_000;

async function time(name: string, run: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 2_000; i += 1) await run();
  const taken = new Float64Array(runs);
  for (let i = 0; i < runs; i += 1) {
    const start = performance.now();
    await run();
    taken[i] = (performance.now() - start) * 1_000;
  }
  taken.sort();
  const at = (share: number): string => `${(taken[Math.floor(runs * share)] ?? 0).toFixed(1)} µs`;
  process.stdout.write(`${name.padEnd(10)} p50 ${at(0.5)}, p99 ${at(0.99)}\n`);
}

const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
const tensor = new ort.Tensor("float32", new Float32Array([0.9, 0]), [1, 2]);
await time("bare call", () => session.run({ x: tensor }));
const model = await onnxModelRuntime().load(bytes);
await time("score", () => model.score([0.9, 0]));

const rows = Array.from({ length: 50_000 }, (_, i) => [i % 2, i]);
await model.scoreBatch(rows.slice(0, 10));
let longest = 0;
let last = performance.now();
const ticking = setInterval(() => {
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
}, 1);
const start = performance.now();
await model.scoreBatch(rows);
const perSecond = Math.round(rows.length / ((performance.now() - start) / 1000));
clearInterval(ticking);
process.stdout.write(
  `scoreBatch ${perSecond.toLocaleString("en")} rows/s, event loop held ${longest.toFixed(1)} ms at most\n`,
);
await model.close();
