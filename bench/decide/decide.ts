import { embedded } from "@ecap/adapter-embedded";
import { type FraudService, fraud, type Transaction } from "@ecap/plugin-fraud";
import { createPlatform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { inTemporaryDir, memoryMb } from "../processes.ts";
import { quantile, type Report } from "../report.ts";
import { bareModel } from "./bare-model.ts";
import { openLoop } from "./open-loop.ts";

const perSecond = 1_000;
const rounds = 3;
const seconds = 7;

/**
 * Decisions at a steady rate that does not wait for answers, each timed from when it was due. The peer is the bare call of ONNX Runtime with the same
 * model at the same rate, so the difference is velocity in the state store, rules, and the record in the log.
 */
export async function decide(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const platform = await createPlatform({
      adapters: embedded({ dir }),
      plugins: [commerce(), fraud()],
    });
    await platform.start();
    try {
      return await measure(platform.service(fraud));
    } finally {
      await platform.stop();
    }
  });
}

async function measure(service: FraudService): Promise<Report> {
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
      figure("p99", "after", 0.99, 2),
      figure("p50, record durable before", "before", 0.5),
      figure("p99, record durable before", "before", 0.99),
    ],
    memory: { process: memoryMb(process.pid) },
  };
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
