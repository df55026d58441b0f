import type { StateChange, StateGuard } from "@ecap/sdk";
import type { KeyLayout } from "./key-layout.ts";
import { encodeValue } from "./stored-value.ts";

interface HeadChanges {
  readonly set: Array<string | Buffer>;
  readonly removed: string[];
  readonly expiring: Array<string | number>;
}

/** The keys of the script that writes a group, and its arguments from the guard's head on. */
export function groupWrite(
  changes: Iterable<StateChange>,
  guard: StateGuard,
  { layout, version }: { readonly layout: KeyLayout; readonly version: string },
) {
  const heads = new Map<string, HeadChanges>();
  const placed = (key: string): { readonly head: string; readonly field: string } => {
    const place = layout.place(key);
    // Callers have seen to it that all keys are of one group.
    const { head, field } = place.kind === "field" ? place : { head: "", field: key };
    if (!heads.has(head)) heads.set(head, { set: [], removed: [], expiring: [] });
    return { head, field };
  };
  const guarded = placed(guard.key);
  for (const { key, value, expiresAt } of changes) {
    const { head, field } = placed(key);
    const own = heads.get(head);
    if (value === undefined) own?.removed.push(field);
    else own?.set.push(field, encodeValue(value, version, expiresAt));
    if (value !== undefined && expiresAt !== undefined) own?.expiring.push(expiresAt, field);
  }
  const names = [...heads.keys()];
  return {
    keys: names.flatMap((head) => [layout.group(head), layout.expiries(head)]),
    args: [
      names.indexOf(guarded.head) + 1,
      guarded.field,
      ...[...heads.values()].flatMap(({ set, removed, expiring }) => [
        set.length / 2,
        ...set,
        removed.length,
        ...removed,
        expiring.length / 2,
        ...expiring,
      ]),
    ],
  };
}
