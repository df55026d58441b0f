import { EcapError } from "@ecap/sdk";
import type { Redis } from "ioredis";

/** ECAP_CONFIG_INVALID where a server would rather forget state than refuse a write. */
export async function assertNoEviction(nodes: readonly Redis[], address: string): Promise<void> {
  for (const memory of await Promise.all(nodes.map((node) => node.info("memory")))) {
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? "noeviction";
    const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? 0);
    if (limit === 0 || policy === "noeviction") continue;
    throw new EcapError(
      "ECAP_CONFIG_INVALID",
      `Redis at ${address} has maxmemory-policy ${policy} and may forget state; set noeviction, or \`allowEviction\``,
      { path: "/allowEviction" },
    );
  }
}
