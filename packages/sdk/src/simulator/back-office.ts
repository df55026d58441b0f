import type { JourneyContext } from "./journeys.ts";
import type { ResolvedOptions } from "./options.ts";
import { sources } from "./shop.ts";
import { amount, officeCall } from "./visit.ts";

const dayMs = 86_400_000;

/** The shop's products and their stock, as the run begins. */
export function recordStock({ random, emit, shop, currency }: JourneyContext, at: number): void {
  for (const product of shop.products) {
    emit(
      at,
      officeCall(random, at, "product.updated", {
        product_id: product.id,
        sku: product.sku,
        name: product.name,
        brand: product.brand,
        category: product.category,
        price: amount(product.priceCents),
        cost: amount(product.costCents),
        currency,
        url: product.url,
        status: "active",
      }),
    );
    emit(
      at,
      officeCall(random, at, "inventory.updated", {
        product_id: product.id,
        quantity: random.between(50, 500),
        location: "main",
      }),
    );
  }
}

/** What campaigns cost on each day that ends within the slot. */
export function recordSpend(
  { random, emit, currency }: JourneyContext,
  settings: ResolvedOptions,
  begin: number,
  stop: number,
): void {
  const sessionsPerDay = settings.ordersPerDay / settings.conversion;
  const total = sources.reduce((sum, { weight }) => sum + weight, 0);
  for (let midnight = Math.ceil(begin / dayMs) * dayMs; midnight < stop; midnight += dayMs) {
    if (midnight === settings.from) continue;
    const at = midnight;
    const day = new Date(midnight - dayMs).toISOString().slice(0, 10);
    for (const { campaign, clickCents, weight } of sources) {
      if (campaign === undefined || clickCents === undefined) continue;
      const clicks = random.poisson((sessionsPerDay * weight) / total);
      emit(
        at,
        officeCall(random, at, "campaign.spend_recorded", {
          campaign: campaign.name,
          source: campaign.source,
          medium: campaign.medium,
          amount: amount(clicks * clickCents),
          currency,
          clicks,
          impressions: clicks * random.between(20, 60),
          day,
        }),
      );
    }
  }
}
