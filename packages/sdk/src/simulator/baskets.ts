import type { Random } from "./random.ts";
import type { Shop, ShopProduct } from "./shop.ts";

export interface BasketLine {
  readonly product: ShopProduct;
  readonly quantity: number;
}

/** Some products, most of the favourite category, popular ones more often. */
export function fillBasket(
  random: Random,
  shop: Shop,
  favourite: number,
  mean: number,
): readonly BasketLine[] {
  const lines = new Map<string, BasketLine>();
  const count = Math.max(1, Math.round(mean * (0.5 + random.next())));
  for (let i = 0; i < count; i += 1) {
    const product = choose(random, shop, favourite);
    const quantity = random.chance(0.85) ? 1 : random.between(2, 4);
    lines.set(product.id, { product, quantity });
  }
  return [...lines.values()];
}

export function choose(random: Random, shop: Shop, favourite: number): ShopProduct {
  const categories = [...shop.byCategory.values()];
  const category = random.chance(0.6)
    ? categories[favourite % categories.length]
    : random.pick(categories);
  // Popularity falls off along the category's list.
  const index = category?.[Math.floor(category.length * random.next() ** 2)] ?? 0;
  return shop.products[index] ?? random.pick(shop.products);
}

/** One of the cheapest of what the shop sells. */
export function cheapest(random: Random, shop: Shop): readonly BasketLine[] {
  return [{ product: random.pick(byPrice(shop).slice(0, 5)), quantity: 1 }];
}

/** Some of the dearest tenth of what the shop sells. */
export function dearest(random: Random, shop: Shop, count: number): readonly BasketLine[] {
  const dear = byPrice(shop).slice(-Math.ceil(shop.products.length / 10));
  return Array.from({ length: count }, () => ({ product: random.pick(dear), quantity: 1 }));
}

function byPrice({ products }: Shop): readonly ShopProduct[] {
  return products.toSorted((a, b) => a.priceCents - b.priceCents);
}
