import { join } from "node:path";
import { lmdbStore } from "@ecap/adapter-lmdb";
import { redisStateStore } from "@ecap/adapter-redis";
import { ownServices } from "../../scripts/services/control.ts";
import { openLoop } from "../decide/open-loop.ts";
import { inTemporaryDir, memoryMb } from "../processes.ts";
import { type Figure, quantile, type Report } from "../report.ts";
import { decideOnce, entitiesOfDecision, windowsOfDecision } from "./decision-windows.ts";
import { bareMap, bareRedis } from "./peers.ts";
import { processor } from "./processor.ts";

const perSecond = 200;
const rounds = 3;
/** Events of a round through log, dedupe, windows and offset. */
const processed = 400_000;
const seconds = 6;

type Side = "redis" | "bare Redis" | "lmdb" | "map";

/** The windows of a decision, contributed to and read, at a steady rate that does not wait for answers. */
export async function state(): Promise<Report> {
  return inTemporaryDir(async (dir) => {
    const services = await ownServices(["redis"]);
    const url = services.env["ECAP_TEST_REDIS_URL"] ?? "";
    const redis = redisStateStore({ url });
    const peer = bareRedis(url);
    const lmdb = lmdbStore({ dir: join(dir, "store") });
    try {
      return await measure({
        redis: (number) => decideOnce(redis, number),
        "bare Redis": peer.decide,
        lmdb: (number) => decideOnce(lmdb.stateStore, number),
        map: bareMap(),
      });
    } finally {
      peer.close();
      await redis.close();
      await lmdb.close();
      await services.close();
    }
  });
}

async function measure(
  sides: Readonly<Record<Side, (number: number) => Promise<void>>>,
): Promise<Report> {
  const order: readonly Side[] = ["redis", "bare Redis", "lmdb", "map"];
  const taken: Record<Side, number[][]> = { redis: [], "bare Redis": [], lmdb: [], map: [] };
  const made: Record<Side, number> = { redis: 0, "bare Redis": 0, lmdb: 0, map: 0 };
  const run = (side: Side, length: number): Promise<number[]> =>
    openLoop({ perSecond, seconds: length, work: () => sides[side]((made[side] += 1)) });
  for (const side of order) await run(side, 3);
  for (let round = 0; round < rounds; round += 1)
    for (const side of order) taken[side].push(await run(side, seconds));

  const transactions: number[] = [];
  for (let round = 0; round < rounds; round += 1) transactions.push(await processor(processed));

  const at = (side: Side, share: number): number[] =>
    taken[side].map((latencies) => quantile(latencies, share));
  const figure = (ours: Side, peer: Side, share: number, value?: number): Figure => ({
    measure: `${ours}, p${share * 100}`,
    unit: "ms",
    better: "lower",
    ours: at(ours, share),
    peer: at(peer, share),
    ...(value !== undefined && { target: { value } }),
  });
  return {
    name: "state",
    about: `${windowsOfDecision} windows of ${entitiesOfDecision.length} entities added to and read, ${perSecond} times a second, ${rounds} rounds of ${seconds} s, timed from when each was due; peers: a bare Redis script of ${windowsOfDecision} HINCRBY, a Map`,
    figures: [
      figure("redis", "bare Redis", 0.5),
      figure("redis", "bare Redis", 0.99, 2),
      figure("lmdb", "map", 0.5),
      figure("lmdb", "map", 0.99, 0.3),
      {
        measure: "lmdb processor transaction",
        unit: "events/s",
        better: "higher",
        ours: transactions,
        target: { value: 150_000 },
      },
    ],
    memory: { process: memoryMb(process.pid) },
  };
}
