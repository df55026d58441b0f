import {
  type Clock,
  follow,
  type Job,
  jsonOf,
  type Logger,
  type QueryEngine,
  type StateStore,
  updateJson,
} from "@ecap/sdk";
import { type SellerKind, sellers } from "./seller-kinds.ts";

/** The risks of a tenant's merchants and sellers, as they were last worked out. */
export interface Risks {
  /** Adds those of the payment to its features; nothing where it names nobody, or nothing was worked out yet. */
  addTo(
    features: Record<string, number>,
    payment: { readonly merchantId?: string; readonly sellerId?: string },
  ): void;
}

export interface RiskBook {
  /** Those in force; what was worked out since is seen within a minute. */
  current(tenant: string): Promise<Risks>;
  /** Works the risks out anew, for the tenants whose payments name merchants or sellers. */
  job(engine: () => QueryEngine): Job;
  /** The same for one tenant, now. */
  workOut(engine: QueryEngine, tenant: string, signal?: AbortSignal): Promise<void>;
}

/** What is kept of each kind: rates by id, and the rate of those that are not among them. */
type Stored = Readonly<
  Record<
    SellerKind,
    { readonly rates: ReadonlyArray<readonly [string, number]>; readonly usual?: number }
  >
>;

const dayMs = 86_400_000;
/** Payments that count. Chargebacks take weeks, so the newest payments look better than they are. */
const countedMs = 90 * dayMs;
const everyMs = 6 * 3_600_000;
/** Merchants, and sellers, that are kept, those with most payments; the others have the usual rate. */
const kept = 5_000;
const tenantsKept = 1_000;
const refreshMs = 60_000;

export function createRiskBook({
  stateStore,
  clock,
  logger,
}: {
  readonly stateStore: StateStore;
  readonly clock: Clock;
  readonly logger: Logger;
}): RiskBook {
  const followed = follow<Risks & { readonly version?: string }>({
    clock,
    refreshMs,
    maxKeys: tenantsKept,
    async load(tenant, before) {
      const [entry] = await stateStore.get([keyOf(tenant)]);
      if (entry === undefined) return nothingKnown;
      if (before?.version === entry.version) return before;
      return { version: entry.version, ...risksOf(jsonOf(entry.value) as Stored) };
    },
    failed: (_, error) =>
      logger.warn({ error: String(error) }, "the risks of merchants could not be read again"),
  });

  async function workOut(engine: QueryEngine, tenant: string, signal?: AbortSignal): Promise<void> {
    // Loaded here, for the query builder takes longer to load than all else of the plugin.
    const { readRisks } = await import("./read-risks.ts");
    const to = clock.now() + 1;
    const made: Partial<Record<SellerKind, Stored[SellerKind]>> = {};
    for (const by of sellers) {
      const period = { from: to - countedMs, to };
      const { risks, usual } = await readRisks(engine, {
        ...period,
        tenant,
        by,
        limit: kept,
        ...(signal && { signal }),
      });
      made[by] = {
        rates: risks.map(({ id, rate }) => [id, rate]),
        ...(usual !== undefined && { usual }),
      };
    }
    await updateJson(stateStore, keyOf(tenant), () => made as Stored);
    await followed.refresh(tenant);
  }

  return {
    // A payment is decided on also where they cannot be read.
    current: async (tenant) => {
      try {
        return await followed.current(tenant);
      } catch (error) {
        logger.warn({ error: String(error) }, "the risks of merchants could not be read");
        return nothingKnown;
      }
    },
    workOut,
    job: (engine) => ({
      name: "fraud-merchant-risks",
      schedule: { everyMs },
      async run({ signal }) {
        const tenants = followed.keys();
        for (const tenant of tenants) await workOut(engine(), tenant, signal);
        return { tenants: tenants.length };
      },
    }),
  };
}

const keyOf = (tenant: string): string => `fraud/risks/${tenant}`;

const nothingKnown: Risks = { addTo() {} };

function risksOf(stored: Stored): Risks {
  const rates = {
    merchant: new Map(stored.merchant.rates),
    seller: new Map(stored.seller.rates),
  };
  return {
    addTo(features, { merchantId, sellerId }) {
      const merchant =
        merchantId === undefined
          ? undefined
          : (rates.merchant.get(merchantId) ?? stored.merchant.usual);
      if (merchant !== undefined) features["merchant_risk"] = merchant;
      const seller =
        sellerId === undefined ? undefined : (rates.seller.get(sellerId) ?? stored.seller.usual);
      if (seller !== undefined) features["seller_risk"] = seller;
    },
  };
}
