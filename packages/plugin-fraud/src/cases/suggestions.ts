import { EcapError } from "@ecap/sdk";
import type { Selectable } from "kysely";
import type { Snoozable } from "../rules/snoozes.ts";
import type { Actor, CaseContext } from "./case-context.ts";
import { changeCase, type SeenCase } from "./case-desk.ts";
import type { AlertRow } from "./case-tables.ts";

/** What an analyst may do with one click so that the same mistake is not made again. */
export type Suggestion = {
  readonly id: string;
  /** How many of the case's payments it rests on. */
  readonly payments: number;
} & (
  | {
      readonly kind: "snooze";
      readonly rule: string;
      readonly entity: Snoozable;
      readonly value: string;
    }
  | {
      readonly kind: "list";
      readonly list: "allow" | "deny";
      readonly entity: Snoozable;
      readonly value: string;
    }
);

export const snoozeForMs = 30 * 86_400_000;
const allowForMs = 90 * 86_400_000;
const mostSuggestions = 20;
/** Kinds of entities that are one person's or one thief's; an address is shared by strangers. */
const personal = ["customer", "card", "device"] as const satisfies readonly Snoozable[];

type Judged = Pick<Selectable<AlertRow>, "verdict" | "customer_id" | "evidence">;

/**
 * What follows from the labels of a case. A payment that was held back and was legitimate: its rules may be silenced for its customer (or card, where no
 * customer is known), and the customer let through. One that was fraud: its card and device may be denied.
 */
export function suggestionsOf(alerts: readonly Judged[]): readonly Suggestion[] {
  const counted = new Map<string, Suggestion>();
  const suggest = (found: Suggestion): void => {
    const before = counted.get(found.id);
    counted.set(found.id, { ...found, payments: (before?.payments ?? 0) + 1 });
  };
  // What is somebody's who also did something else is not suggested for.
  const guilty = new Set(
    alerts.filter(({ verdict }) => verdict === "fraud").flatMap((alert) => keysOf(alert)),
  );
  const innocent = new Set(
    alerts.filter(({ verdict }) => verdict === "legitimate").flatMap((alert) => keysOf(alert)),
  );
  for (const alert of alerts) {
    const owners = ownersOf(alert);
    if (alert.verdict === "legitimate") {
      const owner = owners.find(({ entity, value }) => !guilty.has(`${entity}/${value}`));
      if (owner === undefined) continue;
      for (const rule of rulesOf(alert))
        suggest({
          kind: "snooze",
          rule,
          ...owner,
          id: `snooze/${rule}/${owner.entity}/${owner.value}`,
          payments: 0,
        });
      suggest({ kind: "list", list: "allow", ...owner, id: `allow/${owner.value}`, payments: 0 });
    }
    if (alert.verdict === "fraud")
      for (const owner of owners)
        if (owner.entity !== "customer" && !innocent.has(`${owner.entity}/${owner.value}`))
          suggest({ kind: "list", list: "deny", ...owner, id: `deny/${owner.value}`, payments: 0 });
  }
  return [...counted.values()]
    .toSorted((a, b) => b.payments - a.payments || (a.id < b.id ? -1 : 1))
    .slice(0, mostSuggestions);
}

/** Does what was suggested, and writes it down in the case. ECAP_NOT_FOUND where the labels suggest no such thing any more. */
export async function takeSuggestion(
  context: CaseContext,
  actor: Actor,
  seen: SeenCase,
  id: string,
): Promise<void> {
  await changeCase(context, actor, seen, async (trx) => {
    const alerts = await trx
      .selectFrom("case_alerts")
      .select(["verdict", "customer_id", "evidence"])
      .where("tenant", "=", actor.tenant)
      .where("case_number", "=", seen.number)
      .execute();
    const suggestion = suggestionsOf(alerts).find((each) => each.id === id);
    if (suggestion === undefined)
      throw new EcapError("ECAP_NOT_FOUND", "the labels of the case suggest no such thing", {
        path: "/suggestion",
      });
    const now = context.clock.now();
    const { value, entity } = suggestion;
    // Both may be done twice: an entry that is there stays, with its new end.
    if (suggestion.kind === "snooze")
      await context.desk.snooze(actor, {
        rule: suggestion.rule,
        entity,
        id: value,
        until: now + snoozeForMs,
      });
    else
      await context.desk.addToList(actor, suggestion.list, [
        suggestion.list === "allow" ? { value, until: now + allowForMs } : { value },
      ]);
    return { set: {}, action: "suggestion", details: { suggestion: id } };
  });
}

interface Owner {
  readonly entity: Snoozable;
  readonly value: string;
}

function ownersOf({ customer_id, evidence }: Judged): readonly Owner[] {
  const facts = partOf(evidence, "facts");
  const ids: Readonly<Record<Snoozable, unknown>> = {
    customer: customer_id,
    card: facts["card.id"],
    device: facts["device.id"],
    ip: undefined,
  };
  return personal.flatMap((entity) => {
    const value = ids[entity];
    // Entries of lists and snoozes have room for this many characters.
    return typeof value === "string" && value !== "" && value.length <= 180
      ? [{ entity, value }]
      : [];
  });
}

function keysOf(alert: Judged): readonly string[] {
  return ownersOf(alert).map(({ entity, value }) => `${entity}/${value}`);
}

/** Rules that spoke against the payment, most points first. */
function rulesOf({ evidence }: Judged): readonly string[] {
  const { reasons } = JSON.parse(evidence) as {
    readonly reasons: ReadonlyArray<{ readonly rule?: string; readonly points?: number }>;
  };
  return reasons
    .filter(({ rule, points = 0 }) => rule !== undefined && points >= 0)
    .map(({ rule }) => rule ?? "")
    .slice(0, 5);
}

function partOf(evidence: string, part: string): Readonly<Record<string, unknown>> {
  return ((JSON.parse(evidence) as Record<string, unknown>)[part] ?? {}) as Record<string, unknown>;
}
