import type { Silenced } from "./evaluate.ts";
import { slotOf } from "./fields.ts";
import { decidedAtSlot, type Facts, type ListLookup } from "./language/index.ts";

/** Kinds of entities a rule can be snoozed for. */
export const snoozable = ["customer", "card", "device", "ip"] as const;
export type Snoozable = (typeof snoozable)[number];

const ids: ReadonlyArray<readonly [Snoozable, slot: number]> = [
  ["customer", slotOf("customer.id")],
  ["card", slotOf("card.id")],
  ["device", slotOf("device.id")],
  ["ip", slotOf("ip.address")],
];

/** The entry a snooze is in the list of snoozes. */
export function snoozeKey(rule: string, entity: Snoozable, id: string): string {
  return `${rule}/${entity}/${id}`;
}

/** Whether a rule is silent for any entity of the payment as of its decision. Asked only of rules that hold. */
export function silencedFor(snoozes: ListLookup, facts: Facts): Silenced {
  return (rule) =>
    ids.some(([entity, slot]) => {
      const id = facts[slot];
      return (
        typeof id === "string" &&
        snoozes.has(snoozeKey(rule, entity, id), facts[decidedAtSlot] as number)
      );
    });
}
