import { type Topology, topology } from "../streams/topology.ts";

/** The table of products by id, as `product.updated` last said of them. */
export const productsTable = "products";

/** A row of {@link productsTable}. */
export interface ProductRow {
  readonly sku?: unknown;
  readonly name?: unknown;
  readonly category?: unknown;
  readonly brand?: unknown;
  /** Exact decimal, in `currency`. */
  readonly price?: unknown;
  readonly currency?: unknown;
}

export const productsTopology: Topology = topology("commerce-products")
  .from({ topics: ["product-updates"], idleAfterMs: Number.POSITIVE_INFINITY })
  .filter(({ type }) => type === "product.updated")
  .keyBy(({ data }) => (typeof data["product_id"] === "string" ? data["product_id"] : undefined))
  .toTable({
    table: productsTable,
    value: ({ data }): ProductRow => {
      const { sku, name, category, brand, price, currency } = data;
      return { sku, name, category, brand, price, currency };
    },
  });
