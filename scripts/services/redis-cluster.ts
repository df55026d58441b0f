import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findProgram, run } from "./find-program.ts";
import { redisProcess } from "./redis.ts";
import type { Service } from "./service.ts";

const nodes = [1, 2, 3];

/** Three masters that share the slots, no replicas. */
export const redisCluster: Service = {
  name: "redis-cluster",
  async plan({ dir, port }) {
    const cli = await findProgram("redis-cli", "redis-tools");
    const ports: number[] = [];
    const buses: number[] = [];
    for (const node of nodes) {
      ports.push(await port(`redis-cluster-${node}`, 17_000 + node));
      buses.push(await port(`redis-cluster-${node}-bus`, 27_000 + node));
    }
    await forgetOtherPorts(dir, [...ports, ...buses]);
    const processes = nodes.map(async (node, i) => {
      const nodeDir = join(dir, String(node));
      await mkdir(nodeDir, { recursive: true });
      return redisProcess({
        name: `redis-cluster-${node}`,
        dir: nodeDir,
        port: ports[i] ?? 0,
        settings: {
          "cluster-enabled": "yes",
          "cluster-port": String(buses[i]),
          "cluster-node-timeout": "5000",
        },
      });
    });
    const addresses = ports.map((each) => `127.0.0.1:${each}`);
    const ask = (...args: string[]) => run(cli, ["-p", String(ports[0]), ...args]);
    return {
      processes: await Promise.all(processes),
      async afterReady() {
        if (!(await ask("cluster", "info")).includes("cluster_known_nodes:3")) {
          await run(cli, ["--cluster", "create", ...addresses, "--cluster-yes"]);
        }
        for (let i = 0; !(await ask("cluster", "info")).includes("cluster_state:ok"); i++) {
          if (i > 150) throw new Error("the Redis cluster does not come together");
          await sleep(200);
        }
      },
      env: { ECAP_TEST_REDIS_CLUSTER: addresses.join(",") },
    };
  },
};

/** Nodes remember each other's ports: with others, the cluster begins anew. */
async function forgetOtherPorts(dir: string, ports: readonly number[]): Promise<void> {
  const file = join(dir, "ports");
  const now = ports.join(",");
  if ((await readFile(file, "utf8").catch(() => undefined)) === now) return;
  for (const node of nodes) await rm(join(dir, String(node)), { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  await writeFile(file, now);
}
