import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { tfjsModelTrainer } from "@ecap/adapter-tfjs";
import { treesModelTrainer } from "@ecap/adapter-trees";
import { type ModelTrainer, silentLogger, systemClock, type TrainingAlgorithm } from "@ecap/sdk";
import { memory } from "@ecap/sdk/memory";
import {
  createGuard,
  createModelMonitor,
  createModelServer,
  createScorer,
  type ModelInRole,
} from "@ecap/sdk/models";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { memoryMb } from "../processes.ts";
import { type Figure, quantile, type Report } from "../report.ts";

const width = 40;
const rounds = 5;
const asked = 20_000;
const names = Array.from({ length: width }, (_, i) => `f${i}`);

/**
 * A score of a model in force, one row at a time: features by name, the deadline, counting for monitoring and rollback. The peer is the bare call of ONNX Runtime
 * on the same rows and one thread.
 */
export async function models(): Promise<Report> {
  const rows = randomRows(2_000);
  const trees = await trained(treesModelTrainer(), rows, {
    kind: "boosted",
    trees: 200,
    patience: 200,
    depth: 6,
  });
  const network = await trained(tfjsModelTrainer(), rows, {
    kind: "network",
    hidden: [64, 32],
    epochs: 3,
  });
  return {
    name: "models",
    about: `${asked} scores one after the other on ${width} features, ${rounds} rounds; peer: bare onnxruntime-node on the same rows`,
    figures: [
      ...(await measure("200 trees", rows, [trees])),
      ...(await measure("network 64-32", rows, [network])),
      ...(await measure("both, one of them challenger", rows, [trees, network])),
    ],
    memory: { process: memoryMb(process.pid) },
  };
}

function randomRows(count: number): ReadonlyArray<readonly number[]> {
  let state = 7;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Array.from({ length: count }, () => names.map(() => Math.fround(next() * 10)));
}

async function trained(
  trainer: ModelTrainer,
  rows: ReadonlyArray<readonly number[]>,
  algorithm: TrainingAlgorithm,
): Promise<Uint8Array> {
  const columns = Object.fromEntries(
    names.map((name, i) => [name, rows.map((row) => row[i] ?? 0)]),
  );
  const label = rows.map(([a = 0, b = 0, c = 0]) => (a * b + c > 40 ? 1 : 0));
  const batch = { rows: rows.length, columns: { ...columns, label } };
  const spec = { name: algorithm.kind, version: "1", algorithm, features: names, label: "label" };
  return (await trainer.train([batch], spec)).bytes;
}

async function measure(
  name: string,
  rows: ReadonlyArray<readonly number[]>,
  files: readonly Uint8Array[],
): Promise<readonly Figure[]> {
  const ours = await served(files);
  const bare = await Promise.all(files.map(bareCall));
  const features = rows.map((row) =>
    Object.fromEntries(names.map((each, i) => [each, row[i] ?? 0])),
  );
  const works = {
    ours: (i: number) => ours(features[i % rows.length] ?? {}),
    peer: async (i: number) => {
      const row = rows[i % rows.length] ?? [];
      for (const call of bare) await call(row);
    },
  };
  const taken: Record<keyof typeof works, number[][]> = { ours: [], peer: [] };
  for (let round = 0; round <= rounds; round += 1)
    for (const side of ["ours", "peer"] as const) {
      const latencies = new Array<number>();
      for (let i = 0; i < asked; i += 1) {
        const begun = performance.now();
        await works[side](i);
        latencies.push((performance.now() - begun) * 1_000);
      }
      // The first round warms both up.
      if (round > 0) taken[side].push(latencies);
    }
  return ([0.5, 0.99] as const).map((share) => ({
    measure: `${name}, p${share * 100}`,
    unit: "µs",
    better: "lower",
    ours: taken.ours.map((latencies) => quantile(latencies, share)),
    peer: taken.peer.map((latencies) => quantile(latencies, share)),
  }));
}

/** What decisions ask: the first file is the champion, the second a challenger. */
async function served(files: readonly Uint8Array[]) {
  const loaded = await Promise.all(
    files.map(async (bytes, version): Promise<ModelInRole> => {
      const scorer = await createScorer(onnxModelRuntime(), bytes, names);
      return { version, label: `${scorer.contract.name}/${version}`, scorer };
    }),
  );
  const inForce = {
    revision: 1,
    champion: loaded[0],
    challenger: loaded[1],
    canary: undefined,
    shadows: [],
  };
  const guard = createGuard({ rollBack: async () => {} });
  const monitor = createModelMonitor({
    useCase: "bench",
    stateStore: memory({}).stateStore,
    clock: systemClock,
    logger: silentLogger,
  });
  const server = createModelServer({
    book: { current: () => inForce },
    deadlineMs: 50,
    observe(...answer) {
      monitor.observe(...answer);
      guard(...answer);
    },
  });
  return (features: Readonly<Record<string, number>>) =>
    server.ask({ tenant: "t", entity: "e", features });
}

async function bareCall(bytes: Uint8Array) {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const [input = ""] = session.inputNames;
  return (row: readonly number[]) =>
    session.run({ [input]: new Tensor("float32", Float32Array.from(row), [1, width]) });
}
