import { embedded } from "@ecap/adapter-embedded";
import { type FraudRuntime, type FraudService, fraud, type Transaction } from "@ecap/plugin-fraud";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { inTemporaryDir, memoryMb } from "../processes.ts";
import { quantile, type Report } from "../report.ts";
import { rules } from "../rules/hundred-rules.ts";
import { bareModel } from "./bare-model.ts";
import { openLoop } from "./open-loop.ts";
import { twoModels } from "./two-models.ts";

const perSecond = 2_000;
/** Decisions under way at once where it is asked how many there can be. */
const atOnce = 64;
const rounds = 3;
const seconds = 7;

/**
 * Decisions with a hundred rules and two models, one of them the challenger, at a steady rate that does not wait for answers, each timed from when it was
 * due; and how many there can be on one event loop. The peer is the bare call of ONNX Runtime with the plugin's baseline at the same rate, so the
 * difference is velocity in the state store, rules, the second model, and the record in the log.
 */
export async function decide(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const { trees, network } = await twoModels();
    const platform = await createPlatform({
      adapters: embedded({ dir }),
      plugins: [commerce(), fraud({ model: new Uint8Array(trees) })],
    });
    await platform.start();
    try {
      const service = platform.service(fraud);
      await prepare(service, network);
      return await measure(service, () => becomeEnsemble(service));
    } finally {
      await platform.stop();
    }
  });
}

const ann = { tenant: "default", by: "ann" };
const bob = { tenant: "default", by: "bob" };

/** A hundred rules that somebody approved, and the network as the challenger. */
async function prepare({ desk, models }: FraudRuntime, network: Uint8Array): Promise<void> {
  const document = {
    name: "bench",
    rules: rules.map(([when], i) => ({ id: `r${i}`, when, code: "R", points: 1 })),
  };
  const { version } = await desk.propose(ann, { document });
  await desk.move(ann, version, "shadow");
  await desk.move(bob, version, "activate");
  const registered = await models.desk.register(ann, { bytes: network });
  await models.desk.move(ann, registered.version, "challenge");
}

/** The same two models, stacked, in the place of champion and challenger. */
async function becomeEnsemble({ models: { desk } }: FraudRuntime): Promise<void> {
  const members = await Promise.all(
    [0, 1].map(async (version) => {
      const { contract } = await desk.version(ann.tenant, version);
      return `${contract.name}/${version}`;
    }),
  );
  const combination = { kind: "stacked", weights: [0.5, 0.5], intercept: 0 };
  const ensemble = { name: "both", members, combination };
  const { version } = await desk.register(ann, { ensemble });
  await desk.move(ann, version, "challenge");
  await desk.move(bob, version, "promote");
}

async function measure(service: FraudService, asEnsemble: () => Promise<void>): Promise<Report> {
  const score = await bareModel();
  let made = 0;
  const next = (): Transaction => payment((made += 1));
  const modes = {
    after: () => service.assess(next()),
    before: () => service.assess(next(), { durability: "before" }),
    bare: score,
  };
  const taken: Record<keyof typeof modes, number[][]> = { after: [], before: [], bare: [] };
  await openLoop({ perSecond, seconds: 3, work: modes.after });
  for (let round = 0; round < rounds; round += 1) {
    for (const mode of ["after", "before", "bare"] as const)
      taken[mode].push(await openLoop({ perSecond, seconds, work: modes[mode] }));
  }
  const most: number[] = [];
  for (let round = 0; round < rounds; round += 1) most.push(await saturated(modes.after));
  await asEnsemble();
  const ofEnsemble: number[][] = [];
  const mostOfEnsemble: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ofEnsemble.push(await openLoop({ perSecond, seconds, work: modes.after }));
    mostOfEnsemble.push(await saturated(modes.after));
  }
  const at = (mode: keyof typeof modes, share: number): number[] =>
    taken[mode].map((latencies) => quantile(latencies, share));
  const figure = (name: string, mode: "after" | "before", share: number, value?: number) =>
    ({
      measure: name,
      unit: "ms",
      better: "lower",
      ours: at(mode, share),
      peer: at("bare", share),
      ...(value !== undefined && { target: { value } }),
    }) as const;
  return {
    name: "decide",
    about: `${perSecond} decisions a second, ${rounds} rounds of ${seconds} s, timed from when each was due; peer: the bare ONNX call`,
    figures: [
      figure("p50", "after", 0.5, 0.3),
      figure("p99", "after", 0.99, 1),
      figure("p50, record durable before", "before", 0.5),
      figure("p99, record durable before", "before", 0.99),
      {
        measure: `decisions, ${atOnce} at once`,
        unit: "1/s",
        better: "higher",
        ours: most,
        target: { value: 8_000 },
      },
      ...([0.5, 0.99] as const).map((share) => ({
        measure: `p${share * 100}, both models as one ensemble; peer: champion and challenger`,
        unit: "ms",
        better: "lower" as const,
        ours: ofEnsemble.map((latencies) => quantile(latencies, share)),
        peer: at("after", share),
      })),
      {
        measure: `decisions with the ensemble, ${atOnce} at once; peer: champion and challenger`,
        unit: "1/s",
        better: "higher",
        ours: mostOfEnsemble,
        peer: most,
      },
    ],
    memory: { process: memoryMb(process.pid) },
  };
}

/** How many a second where the next begins as soon as one ends. */
async function saturated(work: () => Promise<unknown>): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) {
        await work();
        done += 1;
      }
    }),
  );
  return done / seconds;
}

/** A payment of one of many customers; some come back often. */
function payment(number: number): Transaction {
  const customer = (number * 7919) % 20_011;
  return {
    id: `pay-${process.pid}-${number}`,
    time: Date.now(),
    amount: 10 + (number % 90),
    currency: "EUR",
    customerId: `customer-${customer}`,
    cardId: `card-${customer}`,
    deviceId: `device-${customer}`,
    ip: `10.${customer % 250}.${(customer >> 8) % 250}.1`,
    country: "DE",
    cardCountry: "DE",
  };
}
