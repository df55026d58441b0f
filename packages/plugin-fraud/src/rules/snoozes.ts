import type { Transaction } from "../contract.ts";
import type { Silenced } from "./evaluate.ts";
import type { ListLookup } from "./language/index.ts";

/** Kinds of entities a rule can be snoozed for. */
export const snoozable = ["customer", "card", "device", "ip"] as const;
export type Snoozable = (typeof snoozable)[number];

const idOf: Readonly<Record<Snoozable, (payment: Transaction) => string | undefined>> = {
  customer: ({ customerId }) => customerId,
  card: ({ cardId }) => cardId,
  device: ({ deviceId }) => deviceId,
  ip: ({ ip }) => ip,
};

/** The entry a snooze is in the list of snoozes. */
export function snoozeKey(rule: string, entity: Snoozable, id: string): string {
  return `${rule}/${entity}/${id}`;
}

/** Whether a rule is silent for any entity of the payment as of its decision. Asked only of rules that hold. */
export function silencedFor(snoozes: ListLookup, payment: Transaction, at: number): Silenced {
  return (rule) =>
    snoozable.some((entity) => {
      const id = idOf[entity](payment);
      return id !== undefined && snoozes.has(snoozeKey(rule, entity, id), at);
    });
}
