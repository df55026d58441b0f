import { type Clock, follow, isEcapError, jsonOf, type Logger, type StateStore } from "@ecap/sdk";
import { type CompiledRuleSet, compileRuleSet } from "./compile-rule-set.ts";
import { defaultPack } from "./default-pack.ts";
import type { ListLookup } from "./language/index.ts";
import { type ListView, listView } from "./lists/list-view.ts";
import { refreshView } from "./store/list-store.ts";
import {
  firstHead,
  namedLists,
  noSuchVersion,
  type RuleHead,
  snoozeList,
} from "./store/rule-head.ts";

/** A version of a tenant's rules, as it is stored: it never changes. */
export interface StoredVersion {
  readonly version: number;
  readonly document: unknown;
  readonly proposedBy: string;
  /** Of what was proposed with an API key: who made the key. */
  readonly keyMadeBy?: string;
  /** Epoch milliseconds. */
  readonly proposedAt: number;
  readonly note?: string;
}

export interface LoadedRuleSet extends CompiledRuleSet {
  readonly version: number;
  /** Name and version, as in `default/0`. */
  readonly label: string;
}

/** What decides on a tenant's payments at one moment: a decision takes it once. */
export interface RulesInForce {
  readonly active: LoadedRuleSet;
  readonly shadows: readonly LoadedRuleSet[];
  readonly snoozes: ListLookup;
}

export interface RuleBook {
  /** The rules in force; what others changed is seen within {@link RuleBookOptions.refreshMs}. */
  inForce(tenant: string): Promise<RulesInForce>;
  /** Sees every change made up to now. */
  refresh(tenant: string): Promise<RulesInForce>;
  head(tenant: string): Promise<RuleHead>;
  /** undefined: there is none of that number. */
  version(tenant: string, version: number): Promise<StoredVersion | undefined>;
  /** Compiles a document as the tenant's, with the lists it names. */
  compile(tenant: string, document: unknown, version: number): Promise<LoadedRuleSet>;
}

export interface RuleBookOptions {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Points of a certain fraud by the model, in the default pack. */
  readonly modelPoints: number;
  /** How old what is known of the rules may be. Default 1,000. */
  readonly refreshMs?: number;
}

/** What is kept of a tenant. */
interface TenantRules extends RulesInForce {
  readonly tenant: string;
  readonly revision: number;
  readonly compiled: ReadonlyMap<number, LoadedRuleSet>;
}

/** The lists that rules look up, by name. */
type Views = Map<string, ListView>;

/** Tenants whose rules are kept compiled; beyond them the one that was loaded first is loaded again when it is next asked for. */
const tenantsKept = 1_000;

export const headKey = (tenant: string): string => `fraud/rules/${tenant}/head`;
export const versionKey = (tenant: string, version: number): string =>
  `fraud/rules/${tenant}/version/${version}`;

export function createRuleBook(options: RuleBookOptions): RuleBook {
  const { stateStore, clock, logger, modelPoints, refreshMs = 1_000 } = options;
  const viewsOf = new Map<string, Views>();

  async function readHead(tenant: string): Promise<RuleHead> {
    const [entry] = await stateStore.get([headKey(tenant)]);
    return entry === undefined ? firstHead : (jsonOf(entry.value) as RuleHead);
  }

  async function readVersion(tenant: string, version: number): Promise<StoredVersion | undefined> {
    if (version === 0)
      return { version, document: defaultPack(modelPoints), proposedBy: "ecap", proposedAt: 0 };
    const [entry] = await stateStore.get([versionKey(tenant, version)]);
    return entry && (jsonOf(entry.value) as StoredVersion);
  }

  /** The view of a list, up to date with the head. */
  async function viewOf(tenant: string, name: string, { head, views }: Look): Promise<ListView> {
    const view = kept(views, name);
    const list = head.lists[name];
    if (list !== undefined) await refreshView(stateStore, tenant, name, { head: list, view });
    return view;
  }

  async function compileFor(
    tenant: string,
    document: unknown,
    { version, ...look }: Look & { readonly version: number },
  ): Promise<LoadedRuleSet> {
    const names = namedLists(look.head);
    const compiled = compileRuleSet(document, names, (name) => kept(look.views, name));
    for (const name of compiled.lists) await viewOf(tenant, name, look);
    return { ...compiled, version, label: `${compiled.document.name}/${version}` };
  }

  async function loadVersion(
    tenant: string,
    version: number,
    look: Look,
  ): Promise<LoadedRuleSet | undefined> {
    const stored = await readVersion(tenant, version);
    try {
      if (stored === undefined) throw noSuchVersion(version);
      return await compileFor(tenant, stored.document, { version, ...look });
    } catch (error) {
      if (!isEcapError(error, "ECAP_RULES_INVALID") && !isEcapError(error, "ECAP_NOT_FOUND"))
        throw error;
      logger.error({ version, error: error.message }, "a rule set cannot be used");
      return undefined;
    }
  }

  async function load(tenant: string, before: TenantRules | undefined): Promise<TenantRules> {
    const head = await readHead(tenant);
    if (before?.revision === head.revision) return before;
    const views = viewsOf.get(tenant) ?? new Map<string, ListView>();
    viewsOf.set(tenant, views);
    const look = { head, views };
    const compiled = new Map<number, LoadedRuleSet>();
    for (const version of [head.active, ...head.shadows]) {
      const loaded = before?.compiled.get(version) ?? (await loadVersion(tenant, version, look));
      if (loaded !== undefined) compiled.set(version, loaded);
    }
    // Payments are decided on also where the active version names what this release has not: by the rules every shop begins with.
    const active =
      compiled.get(head.active) ??
      (await compileFor(tenant, defaultPack(modelPoints), { version: 0, ...look }));
    const shadows = head.shadows.flatMap((version) => compiled.get(version) ?? []);
    const named = new Set([active, ...shadows].flatMap(({ lists }) => lists));
    for (const name of named) await viewOf(tenant, name, look);
    const snoozes = await viewOf(tenant, snoozeList, look);
    return { tenant, active, shadows, snoozes, revision: head.revision, compiled };
  }

  const followed = follow<TenantRules>({
    clock,
    refreshMs,
    maxKeys: tenantsKept,
    load,
    failed: (_, error) =>
      logger.warn(
        { error: String(error) },
        "the rules could not be read again; those known go on deciding",
      ),
    dropped: ({ tenant }) => viewsOf.delete(tenant),
  });

  return {
    inForce: async (tenant) => followed.current(tenant),
    refresh: (tenant) => followed.refresh(tenant),
    head: readHead,
    version: readVersion,
    async compile(tenant, document, version) {
      // Lists that are known are not read a second time.
      const views = viewsOf.get(tenant) ?? new Map<string, ListView>();
      return compileFor(tenant, document, { version, head: await readHead(tenant), views });
    },
  };
}

/** What lists are looked up in, and what the head says of them. */
interface Look {
  readonly head: RuleHead;
  readonly views: Views;
}

function kept(views: Views, name: string): ListView {
  const view = views.get(name) ?? listView();
  views.set(name, view);
  return view;
}
