import { hasCode, isTransient, staleCoordinatorCodes } from "./errors.ts";
import type { WireBroker } from "./kafkajs-types.ts";
import type { Link } from "./link.ts";
import { pause } from "./retrying.ts";

export type CoordinatorKind = "group" | "transaction";

export interface Coordinators {
  /** Runs with the broker that coordinates the group or transactional id; finds it again where it moved. `topic` is one that exists. */
  ask<T>(
    place: { readonly kind: CoordinatorKind; readonly id: string; readonly topicName: string },
    request: (broker: WireBroker) => Promise<T>,
  ): Promise<T>;
}

const maxKnown = 10_000;

export function coordinators(link: Link): Coordinators {
  const known = new Map<string, number>();

  async function find(kind: CoordinatorKind, id: string): Promise<number> {
    const key = `${kind}/${id}`;
    const node = known.get(key);
    if (node !== undefined) return node;
    const broker = await link.any();
    const coordinatorType = kind === "group" ? 0 : 1;
    const found = await broker.findGroupCoordinator({ groupId: id, coordinatorType });
    if (known.size >= maxKnown) known.clear();
    known.set(key, found.coordinator.nodeId);
    return found.coordinator.nodeId;
  }

  return {
    async ask({ kind, id, topicName }, request) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await request(await link.node(await find(kind, id), topicName));
        } catch (error) {
          const moved = hasCode(error, staleCoordinatorCodes);
          if (moved || isTransient(error)) known.delete(`${kind}/${id}`);
          if (!moved || attempt === 3) throw error;
          await pause(20 * attempt);
        }
      }
    },
  };
}
