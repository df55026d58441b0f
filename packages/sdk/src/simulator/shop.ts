import { Random } from "./random.ts";

/** Prices in cents throughout the simulator: whole numbers sum exactly. */
export interface ShopProduct {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly brand: string;
  readonly category: string;
  readonly priceCents: number;
  readonly costCents: number;
  readonly url: string;
}

export interface Shop {
  readonly origin: string;
  readonly products: readonly ShopProduct[];
  /** Indices of products by category. */
  readonly byCategory: ReadonlyMap<string, readonly number[]>;
}

/** What a category sells, and between which prices. */
const ranges: ReadonlyArray<
  readonly [category: string, least: number, most: number, nouns: readonly string[]]
> = [
  [
    "Electronics",
    1990,
    89_900,
    ["Headphones", "Speaker", "Tablet", "Camera", "Smartwatch", "Keyboard"],
  ],
  ["Clothing", 990, 14_900, ["Jacket", "Shirt", "Jeans", "Dress", "Jumper", "Coat"]],
  ["Home", 490, 29_900, ["Lamp", "Rug", "Vase", "Mirror", "Cushion", "Clock"]],
  ["Beauty", 390, 7900, ["Soap", "Perfume", "Cream", "Brush", "Shampoo", "Balm"]],
  ["Sports", 790, 39_900, ["Racket", "Mat", "Tent", "Helmet", "Ball", "Backpack"]],
  ["Toys", 590, 9900, ["Puzzle", "Robot", "Doll", "Board Game", "Train", "Kite"]],
  ["Kitchen", 490, 24_900, ["Pan", "Kettle", "Knife", "Toaster", "Bowl", "Grinder"]],
  ["Books", 590, 4900, ["Novel", "Atlas", "Cookbook", "Biography", "Guide", "Poems"]],
];
const makers = ["Northwind", "Aster", "Kestrel", "Lumen", "Orchard", "Polar", "Quill", "Sable"];
const qualities = [
  "Classic",
  "Compact",
  "Premium",
  "Everyday",
  "Vintage",
  "Modern",
  "Light",
  "Royal",
];

export function createShop(seed: string | number, size: number): Shop {
  const random = new Random(seed, "shop");
  const byCategory = new Map<string, number[]>();
  const products = Array.from({ length: size }, (_, index): ShopProduct => {
    const range = ranges[index % ranges.length] ?? random.pick(ranges);
    const [category, least, most, nouns] = range;
    // Squared: many cheap products, few dear ones. Prices end in 90 or 99 cents.
    const raw = least + (most - least) * random.next() ** 2;
    const priceCents = Math.floor(raw / 100) * 100 + (random.chance(0.5) ? 99 : 90);
    byCategory.set(category, [...(byCategory.get(category) ?? []), index]);
    const id = `p-${String(index + 1).padStart(4, "0")}`;
    const brand = random.pick(makers);
    return {
      id,
      sku: `${category.slice(0, 2).toUpperCase()}-${1000 + index}`,
      name: `${random.pick(qualities)} ${random.pick(nouns)}`,
      brand,
      category,
      priceCents,
      costCents: Math.round(priceCents * (0.4 + random.next() * 0.3)),
      url: `${origin}/products/${id}`,
    };
  });
  return { origin, products, byCategory };
}

const origin = "https://shop.example";

/** Where visits come from. */
export interface Source {
  readonly weight: number;
  /** Of customers who come back. */
  readonly returningWeight: number;
  readonly campaign?: { readonly name: string; readonly source: string; readonly medium: string };
  readonly referrer?: string;
  /** Cents paid for a click. */
  readonly clickCents?: number;
}

export const sources: readonly Source[] = [
  { weight: 18, returningWeight: 34 },
  { weight: 26, returningWeight: 18, referrer: "https://www.google.com/" },
  { weight: 4, returningWeight: 2, referrer: "https://www.bing.com/" },
  {
    weight: 16,
    returningWeight: 5,
    clickCents: 62,
    campaign: { name: "search-generic", source: "google", medium: "cpc" },
  },
  {
    weight: 6,
    returningWeight: 8,
    clickCents: 21,
    campaign: { name: "search-brand", source: "google", medium: "cpc" },
  },
  {
    weight: 11,
    returningWeight: 4,
    clickCents: 38,
    campaign: { name: "prospecting", source: "facebook", medium: "paid_social" },
  },
  {
    weight: 5,
    returningWeight: 3,
    clickCents: 17,
    campaign: { name: "retargeting", source: "criteo", medium: "display" },
  },
  {
    weight: 4,
    returningWeight: 2,
    clickCents: 45,
    campaign: { name: "partners", source: "awin", medium: "affiliate" },
  },
  {
    weight: 2,
    returningWeight: 20,
    clickCents: 2,
    campaign: { name: "newsletter", source: "newsletter", medium: "email" },
  },
  { weight: 5, returningWeight: 3, referrer: "https://www.instagram.com/" },
  { weight: 3, returningWeight: 1, referrer: "https://reviews.example/best-of" },
];
