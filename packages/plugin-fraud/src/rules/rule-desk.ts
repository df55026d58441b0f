import { type Clock, EcapError, type StateStore, updateJson } from "@ecap/sdk";
import { invalid, type RuleProblem, readRuleSet } from "./compile-rule-set.ts";
import { headKey, type RuleBook, type StoredVersion, versionKey } from "./rule-book.ts";
import { listName } from "./rule-set.ts";
import { type Snoozable, snoozeKey } from "./snoozes.ts";
import {
  addEntries,
  type Changed,
  type ListEntry,
  readEntries,
  removeEntries,
} from "./store/list-store.ts";
import {
  firstHead,
  headLimits,
  type ListHead,
  type ListKind,
  listOf,
  namedLists,
  newList,
  noSuchVersion,
  type RuleChange,
  type RuleHead,
  type RuleSetState,
  snoozeList,
  stateOf,
  steps,
  withTouched,
} from "./store/rule-head.ts";

/** Who does something, in which tenant. */
export interface Actor {
  readonly tenant: string;
  /** User name or API key id. */
  readonly by: string;
  /** Of an API key: who made it. */
  readonly madeBy?: string;
}

export interface RuleVersion extends StoredVersion {
  readonly state: RuleSetState;
}

export interface Snooze {
  readonly rule: string;
  readonly entity: Snoozable;
  readonly id: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/**
 * Where people change rules and lists. Every change is audited, and seen by the decisions of this process when it resolves; but one of more than
 * 64 blocks of a list is seen as those of other processes are.
 */
export interface RuleDesk {
  /** Versions, newest first, from a number on downwards. */
  versions(
    tenant: string,
    page: { readonly limit: number; readonly below?: number },
  ): Promise<readonly RuleVersion[]>;
  version(tenant: string, version: number): Promise<RuleVersion>;
  changes(tenant: string): Promise<readonly RuleChange[]>;
  validate(tenant: string, document: unknown): Promise<readonly RuleProblem[]>;
  /** A new draft; ECAP_RULES_INVALID where it would not work. */
  propose(
    actor: Actor,
    draft: { readonly document: unknown; readonly note?: string; readonly replaces?: number },
  ): Promise<RuleVersion>;
  move(
    actor: Actor,
    version: number,
    action: "shadow" | "activate" | "archive" | "reinstate",
  ): Promise<RuleVersion>;
  lists(
    tenant: string,
  ): Promise<
    ReadonlyArray<Pick<ListHead, "kind" | "description" | "entries"> & { readonly name: string }>
  >;
  createList(
    actor: Actor,
    list: { readonly name: string; readonly kind: ListKind; readonly description: string },
  ): Promise<void>;
  addToList(
    actor: Actor,
    list: string,
    entries: ReadonlyArray<{ readonly value: string; readonly until?: number }>,
  ): Promise<void>;
  removeFromList(actor: Actor, list: string, values: readonly string[]): Promise<void>;
  entries(
    tenant: string,
    list: string,
    page: { readonly limit: number; readonly from: number },
  ): ReturnType<typeof readEntries>;
  snooze(actor: Actor, snooze: Snooze): Promise<void>;
}

export interface RuleDeskOptions {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly book: RuleBook;
  /** Told of every change. */
  readonly audit: (entry: {
    readonly tenant: string;
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly details?: Readonly<Record<string, string | number | boolean>>;
  }) => Promise<void>;
}

/** Most entries in one call. Over HTTP a body of 1 MiB ends earlier: it has room for some 25,000 card tokens. */
export const entriesPerCall = 50_000;

export function createRuleDesk({ stateStore, clock, book, audit }: RuleDeskOptions): RuleDesk {
  const changeHead = (tenant: string, change: (head: RuleHead) => RuleHead): Promise<RuleHead> =>
    updateJson<RuleHead>(stateStore, headKey(tenant), (head = firstHead) => change(head));

  async function versionOf(tenant: string, version: number): Promise<RuleVersion> {
    const state = stateOf(await book.head(tenant), version);
    const stored = await book.version(tenant, version);
    if (stored === undefined) throw noSuchVersion(version);
    return { ...stored, state };
  }

  async function problemsOf(tenant: string, document: unknown): Promise<readonly RuleProblem[]> {
    return readRuleSet(document, namedLists(await book.head(tenant))).problems;
  }

  async function changeList(
    { tenant, by }: Actor,
    list: string,
    action: string,
    change: (at: {
      readonly tenant: string;
      readonly list: string;
      readonly now: number;
    }) => Promise<Changed>,
    details: Readonly<Record<string, string | number>>,
  ): Promise<void> {
    listOf(await book.head(tenant), list);
    const { blocks, added, failure } = await change({ tenant, list, now: clock.now() });
    // Also of what was written in part: what is listed must be in force.
    await changeHead(tenant, (head) => withTouched(head, list, blocks, added));
    await stateStore.flush();
    // Much at once is read by whoever decides next, and not again for each call of an import.
    if (blocks.length <= headLimits.touched) await book.refresh(tenant);
    const target = `fraud/lists/${list}`;
    const told = failure === undefined ? details : { ...details, incomplete: true };
    await audit({ tenant, actor: by, action, target, details: told });
    if (failure !== undefined) throw failure;
  }

  /** An entry counts from the next millisecond on: of the decisions made in this one nobody could say later which knew it. */
  const soon = (): number => clock.now() + 1;

  return {
    version: versionOf,
    validate: problemsOf,
    changes: async (tenant) => (await book.head(tenant)).changes,
    async versions(tenant, { limit, below }) {
      const head = await book.head(tenant);
      const first = Math.min(below ?? head.next, head.next) - 1;
      const numbers = Array.from(
        { length: Math.max(0, Math.min(limit, first + 1)) },
        (_, i) => first - i,
      );
      const read = await Promise.all(
        numbers.map(async (version) => {
          const stored = await book.version(tenant, version);
          return stored && { ...stored, state: stateOf(head, version) };
        }),
      );
      return read.filter((version) => version !== undefined);
    },
    async propose({ tenant, by, madeBy }, { document, note, replaces }) {
      const problems = await problemsOf(tenant, document);
      if (problems.length > 0) throw invalid(problems);
      const person = { id: by, at: clock.now() };
      let version = 0;
      // The number is taken first, and the head says that there is a draft when its document is stored: nobody meets one without the other.
      await changeHead(tenant, (head) => {
        version = head.next;
        steps.propose(head, version, person, replaces);
        return { ...head, next: version + 1 };
      });
      await updateJson<StoredVersion>(stateStore, versionKey(tenant, version), () => ({
        version,
        document,
        proposedBy: by,
        proposedAt: person.at,
        ...(madeBy !== undefined && { keyMadeBy: madeBy }),
        ...(note !== undefined && { note }),
      }));
      await changeHead(tenant, (head) => steps.propose(head, version, person, replaces));
      await stateStore.flush();
      await audit({ tenant, actor: by, action: "rules.propose", target: `fraud/rules/${version}` });
      return versionOf(tenant, version);
    },
    async move({ tenant, by, madeBy }, version, action) {
      const { proposedBy, keyMadeBy, document } = await versionOf(tenant, version);
      const person = { id: by, at: clock.now(), madeBy };
      const proposer = { id: proposedBy, madeBy: keyMadeBy };
      // What worked when it was proposed may name a field that a later release has not.
      if (action !== "archive") await book.compile(tenant, document, version);
      await changeHead(tenant, (head) => steps[action](head, version, person, proposer));
      await stateStore.flush();
      await book.refresh(tenant);
      await audit({
        tenant,
        actor: by,
        action: `rules.${action}`,
        target: `fraud/rules/${version}`,
      });
      return versionOf(tenant, version);
    },
    async lists(tenant) {
      const head = await book.head(tenant);
      return namedLists(head).map((name) => {
        const { kind, description, entries } = listOf(head, name);
        return { name, kind, description, entries };
      });
    },
    async createList({ tenant, by }, { name, kind, description }) {
      const parsed = listName.safeParse(name);
      if (!parsed.success)
        throw new EcapError(
          "ECAP_REQUEST_INVALID",
          `name: ${parsed.error.issues[0]?.message ?? ""}`,
          { path: "/name" },
        );
      await changeHead(tenant, (head) => {
        if (Object.hasOwn(head.lists, name))
          throw new EcapError("ECAP_CONFLICT", `there is a list "${name}" already`);
        if (Object.keys(head.lists).length >= headLimits.lists)
          throw new EcapError("ECAP_CONFLICT", `there are ${headLimits.lists} lists already`);
        return {
          ...head,
          revision: head.revision + 1,
          lists: { ...head.lists, [name]: newList(kind, description) },
        };
      });
      await stateStore.flush();
      await audit({ tenant, actor: by, action: "list.create", target: `fraud/lists/${name}` });
    },
    async addToList(actor, list, entries) {
      if (list === snoozeList) throw new EcapError("ECAP_NOT_FOUND", `there is no list "${list}"`);
      mustBeFew(entries.length);
      const from = soon();
      const dated = entries.map(
        ({ value, until }): ListEntry => ({ value, from, ...(until !== undefined && { until }) }),
      );
      await changeList(actor, list, "list.add", (at) => addEntries(stateStore, at, dated), {
        entries: entries.length,
      });
    },
    async removeFromList(actor, list, values) {
      mustBeFew(values.length);
      await changeList(actor, list, "list.remove", (at) => removeEntries(stateStore, at, values), {
        entries: values.length,
      });
    },
    async entries(tenant, list, { limit, from }) {
      listOf(await book.head(tenant), list);
      return readEntries(stateStore, { tenant, list, limit, from });
    },
    async snooze(actor, { rule, entity, id, until }) {
      const { active, shadows } = await book.refresh(actor.tenant);
      const names = [active, ...shadows].flatMap(({ rules }) => rules.map((each) => each.id));
      if (!names.includes(rule))
        throw new EcapError("ECAP_NOT_FOUND", `no rule in use is called "${rule}"`);
      const now = clock.now();
      if (until <= now)
        throw new EcapError("ECAP_REQUEST_INVALID", "until: expected a time to come", {
          path: "/until",
        });
      const entry: ListEntry = { value: snoozeKey(rule, entity, id), from: soon(), until };
      await changeList(
        actor,
        snoozeList,
        "rule.snooze",
        (at) => addEntries(stateStore, at, [entry]),
        { rule, entity, until },
      );
    },
  };
}

function mustBeFew(count: number): void {
  if (count > entriesPerCall)
    throw new EcapError("ECAP_REQUEST_INVALID", `at most ${entriesPerCall} entries at a time`);
}
