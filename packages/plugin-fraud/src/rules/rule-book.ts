import { type Clock, isEcapError, jsonOf, type Logger, type StateStore } from "@ecap/sdk";
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

interface TenantRules {
  readonly views: Map<string, ListView>;
  compiled: ReadonlyMap<number, LoadedRuleSet>;
  inForce: RulesInForce | undefined;
  revision: number;
  checkedAt: number;
  refreshing: Promise<RulesInForce> | undefined;
  /** When the refresh that decisions may wait for began, by `performance.now()`. */
  refreshBegan: number;
}

/** How long a decision waits for a look at what changed; a long list goes on being read while what is known decides. */
const patienceMs = 20;

/** Tenants whose rules are kept compiled; beyond them the one that was loaded first is loaded again when it is next asked for. */
const tenantsKept = 1_000;

export const headKey = (tenant: string): string => `fraud/rules/${tenant}/head`;
export const versionKey = (tenant: string, version: number): string =>
  `fraud/rules/${tenant}/version/${version}`;

export function createRuleBook(options: RuleBookOptions): RuleBook {
  const { stateStore, clock, logger, modelPoints, refreshMs = 1_000 } = options;
  const tenants = new Map<string, TenantRules>();

  function rulesOf(tenant: string): TenantRules {
    const known = tenants.get(tenant);
    if (known !== undefined) return known;
    const [oldest] = tenants.keys();
    if (oldest !== undefined && tenants.size >= tenantsKept) tenants.delete(oldest);
    const made: TenantRules = {
      views: new Map(),
      compiled: new Map(),
      inForce: undefined,
      revision: -1,
      checkedAt: Number.NEGATIVE_INFINITY,
      refreshing: undefined,
      refreshBegan: 0,
    };
    tenants.set(tenant, made);
    return made;
  }

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
  async function viewOf(tenant: string, name: string, head: RuleHead): Promise<ListView> {
    const { views } = rulesOf(tenant);
    const view = views.get(name) ?? listView();
    views.set(name, view);
    const list = head.lists[name];
    if (list !== undefined) await refreshView(stateStore, tenant, name, { head: list, view });
    return view;
  }

  async function compileFor(
    tenant: string,
    document: unknown,
    { version, head }: { readonly version: number; readonly head: RuleHead },
  ): Promise<LoadedRuleSet> {
    const { views } = rulesOf(tenant);
    const names = namedLists(head);
    const compiled = compileRuleSet(document, names, (name) => {
      const view = views.get(name) ?? listView();
      views.set(name, view);
      return view;
    });
    for (const name of compiled.lists) await viewOf(tenant, name, head);
    return { ...compiled, version, label: `${compiled.document.name}/${version}` };
  }

  async function loadVersion(
    tenant: string,
    version: number,
    head: RuleHead,
  ): Promise<LoadedRuleSet | undefined> {
    const stored = await readVersion(tenant, version);
    try {
      if (stored === undefined) throw noSuchVersion(version);
      return await compileFor(tenant, stored.document, { version, head });
    } catch (error) {
      if (!isEcapError(error, "ECAP_RULES_INVALID") && !isEcapError(error, "ECAP_NOT_FOUND"))
        throw error;
      logger.error({ version, error: error.message }, "a rule set cannot be used");
      return undefined;
    }
  }

  async function load(tenant: string): Promise<RulesInForce> {
    const rules = rulesOf(tenant);
    const at = clock.now();
    const head = await readHead(tenant);
    const changed = head.revision !== rules.revision || rules.inForce === undefined;
    if (changed) {
      const compiled = new Map<number, LoadedRuleSet>();
      for (const version of [head.active, ...head.shadows]) {
        const loaded = rules.compiled.get(version) ?? (await loadVersion(tenant, version, head));
        if (loaded !== undefined) compiled.set(version, loaded);
      }
      // Payments are decided on also where the active version names what this release has not: by the rules every shop begins with.
      const active =
        compiled.get(head.active) ??
        (await compileFor(tenant, defaultPack(modelPoints), { version: 0, head }));
      const shadows = head.shadows.flatMap((version) => compiled.get(version) ?? []);
      const named = new Set([active, ...shadows].flatMap(({ lists }) => lists));
      for (const name of named) await viewOf(tenant, name, head);
      rules.inForce = { active, shadows, snoozes: await viewOf(tenant, snoozeList, head) };
      rules.compiled = compiled;
      rules.revision = head.revision;
    }
    rules.checkedAt = at;
    return rules.inForce as RulesInForce;
  }

  function refresh(tenant: string): Promise<RulesInForce> {
    const rules = rulesOf(tenant);
    const before = rules.refreshing ?? Promise.resolve();
    // One after the other, so that a slow read never puts an older state in the place of a newer one.
    const next = before.then(
      () => load(tenant),
      () => load(tenant),
    );
    rules.refreshing = next;
    const end = (): void => {
      if (rules.refreshing === next) rules.refreshing = undefined;
    };
    next.then(end, end);
    return next;
  }

  return {
    async inForce(tenant) {
      const rules = rulesOf(tenant);
      const { inForce: known } = rules;
      const age = clock.now() - rules.checkedAt;
      if (known !== undefined && age >= 0 && age < refreshMs) return known;
      const begins = rules.refreshing === undefined;
      if (begins) rules.refreshBegan = performance.now();
      const refreshed = rules.refreshing ?? refresh(tenant);
      if (known === undefined) return refreshed;
      const ready = refreshed.catch((error: unknown) => {
        if (begins)
          logger.warn(
            { error: String(error) },
            "the rules could not be read again; those known go on deciding",
          );
        return known;
      });
      const left = patienceMs - (performance.now() - rules.refreshBegan);
      return left <= 0 ? known : withinTime(ready, left, known);
    },
    refresh,
    head: readHead,
    version: readVersion,
    compile: async (tenant, document, version) =>
      compileFor(tenant, document, { version, head: await readHead(tenant) }),
  };
}

async function withinTime<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
