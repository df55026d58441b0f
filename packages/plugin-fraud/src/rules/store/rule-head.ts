import { EcapError, isSamePerson } from "@ecap/sdk";

export const ruleSetStates = ["draft", "shadow", "active", "archived"] as const;
export type RuleSetState = (typeof ruleSetStates)[number];
export const listKinds = ["allow", "deny", "custom"] as const;
export type ListKind = (typeof listKinds)[number];

export interface ListHead {
  readonly kind: ListKind | "snoozes";
  readonly description: string;
  /** Grows with every change of an entry; 0: nothing was ever in it. */
  readonly revision: number;
  /** How many entries it holds, those that expired and were not swept yet among them. */
  readonly entries: number;
  /** The blocks changed last, each with its revision; complete for revisions after `since`. */
  readonly touched: ReadonlyArray<readonly [revision: number, block: number]>;
  readonly since: number;
}

export interface RuleChange {
  readonly at: number;
  readonly by: string;
  readonly action: "propose" | "shadow" | "activate" | "archive" | "reinstate";
  readonly version: number;
}

/** Which versions are in which state, and the lists: one value, changed as a whole, so that nobody ever sees half a change. */
export interface RuleHead {
  readonly revision: number;
  /** The number the next version gets. */
  readonly next: number;
  readonly active: number;
  readonly shadows: readonly number[];
  readonly drafts: readonly number[];
  /** Versions that were active once, the last of them; they may be reinstated without being approved again. */
  readonly approved: readonly number[];
  /** The last changes, newest first; all of them are in the audit log. */
  readonly changes: readonly RuleChange[];
  readonly lists: Readonly<Record<string, ListHead>>;
}

export const headLimits = {
  shadows: 3,
  drafts: 50,
  changes: 100,
  approved: 100,
  lists: 100,
  touched: 64,
} as const;

/** Where the snoozes of rules are kept: as a list, which no expression can name. */
export const snoozeList = "snoozes";

const emptyList = { revision: 0, entries: 0, touched: [], since: 0 } as const;

export function newList(kind: ListHead["kind"], description: string): ListHead {
  return { ...emptyList, kind, description };
}

/** A tenant's beginning: the default pack, version 0, decides. */
export const firstHead: RuleHead = {
  revision: 0,
  next: 1,
  active: 0,
  shadows: [],
  drafts: [],
  approved: [0],
  changes: [],
  lists: {
    allow: newList("allow", "Who is let through whatever the rules say"),
    deny: newList("deny", "Who is refused whatever the rules say"),
    [snoozeList]: newList("snoozes", "Rules that are silent for an entity"),
  },
};

export function stateOf(head: RuleHead, version: number): RuleSetState {
  if (version < 0 || version >= head.next) throw noSuchVersion(version);
  if (version === head.active) return "active";
  if (head.shadows.includes(version)) return "shadow";
  return head.drafts.includes(version) ? "draft" : "archived";
}

export function noSuchVersion(version: number): EcapError {
  return new EcapError("ECAP_NOT_FOUND", `there is no rule set of version ${version}`);
}

/** Lists that expressions may name. */
export function namedLists({ lists }: Pick<RuleHead, "lists">): readonly string[] {
  return Object.keys(lists).filter((name) => lists[name]?.kind !== "snoozes");
}

export function listOf(head: RuleHead, name: string): ListHead {
  const list = Object.hasOwn(head.lists, name) ? head.lists[name] : undefined;
  if (list === undefined) throw new EcapError("ECAP_NOT_FOUND", `there is no list "${name}"`);
  return list;
}

export interface Person {
  /** User name or API key id. */
  readonly id: string;
  readonly at: number;
  /** Of an API key: who made it. */
  readonly madeBy?: string | undefined;
}

/** What becomes of a head by each step of a rule set's life; a step that the state does not allow is ECAP_CONFLICT. */
export const steps = {
  /** A new draft, in the place of an older one if it says which. */
  propose(head: RuleHead, version: number, by: Person, replaces?: number): RuleHead {
    if (replaces !== undefined) mustBe(head, replaces, ["draft"]);
    const drafts = head.drafts.filter((draft) => draft !== replaces);
    if (drafts.length >= headLimits.drafts)
      throw new EcapError(
        "ECAP_CONFLICT",
        `there are ${headLimits.drafts} drafts; archive one first`,
      );
    return noted({ ...head, drafts: [...drafts, version] }, "propose", version, by);
  },
  shadow(head: RuleHead, version: number, by: Person): RuleHead {
    mustBe(head, version, ["draft"]);
    if (head.shadows.length >= headLimits.shadows)
      throw new EcapError(
        "ECAP_CONFLICT",
        `there are ${headLimits.shadows} shadows; archive one first`,
      );
    const moved = { ...without(head, version), shadows: [...head.shadows, version] };
    return noted(moved, "shadow", version, by);
  },
  /** By somebody else than who proposed it; a user and the API keys that user made are one. */
  activate(
    head: RuleHead,
    version: number,
    by: Person,
    proposer: Pick<Person, "id" | "madeBy">,
  ): RuleHead {
    mustBe(head, version, ["shadow"]);
    if (isSamePerson(by, proposer))
      throw new EcapError(
        "ECAP_FORBIDDEN",
        "a rule set is approved by somebody else than who proposed it",
      );
    const approved = [version, ...head.approved.filter((other) => other !== version)].slice(
      0,
      headLimits.approved,
    );
    return noted({ ...without(head, version), active: version, approved }, "activate", version, by);
  },
  /** Back to a version that decided before: by anybody, for it was approved then. */
  reinstate(head: RuleHead, version: number, by: Person): RuleHead {
    mustBe(head, version, ["archived"]);
    if (version !== 0 && !head.approved.includes(version))
      throw new EcapError("ECAP_CONFLICT", `version ${version} was never active; propose it again`);
    return noted({ ...head, active: version }, "reinstate", version, by);
  },
  archive(head: RuleHead, version: number, by: Person): RuleHead {
    if (stateOf(head, version) === "active")
      throw new EcapError(
        "ECAP_CONFLICT",
        `version ${version} decides; activate or reinstate another one instead`,
      );
    mustBe(head, version, ["draft", "shadow"]);
    return noted(without(head, version), "archive", version, by);
  },
} as const;

function mustBe(head: RuleHead, version: number, states: readonly RuleSetState[]): void {
  const state = stateOf(head, version);
  if (!states.includes(state))
    throw new EcapError(
      "ECAP_CONFLICT",
      `version ${version} is ${state}, not ${states.join(" or ")}`,
    );
}

function without(head: RuleHead, version: number): RuleHead {
  const others = (versions: readonly number[]): readonly number[] =>
    versions.filter((other) => other !== version);
  return { ...head, drafts: others(head.drafts), shadows: others(head.shadows) };
}

function noted(
  head: RuleHead,
  action: RuleChange["action"],
  version: number,
  { id, at }: Person,
): RuleHead {
  const change: RuleChange = { at, by: id, action, version };
  return {
    ...head,
    revision: head.revision + 1,
    changes: [change, ...head.changes].slice(0, headLimits.changes),
  };
}

/** The head after blocks of a list were changed. */
export function withTouched(
  head: RuleHead,
  name: string,
  blocks: readonly number[],
  added: number,
): RuleHead {
  const list = listOf(head, name);
  const revision = list.revision + 1;
  const touched = [...list.touched, ...blocks.map((block) => [revision, block] as const)];
  const kept = touched.length > headLimits.touched ? [] : touched;
  const changed: ListHead = {
    ...list,
    revision,
    entries: Math.max(0, list.entries + added),
    touched: kept,
    since: kept.length === 0 ? revision : list.since,
  };
  return { ...head, revision: head.revision + 1, lists: { ...head.lists, [name]: changed } };
}
