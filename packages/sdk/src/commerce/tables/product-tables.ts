import { defineLakeTable } from "../../lake/lake-table.ts";
import { readInstant } from "../instant.ts";
import { id, moneyCell, moneyType, number, text } from "./cells.ts";

const topic = "product-updates";

/** Product data as it changed; the newest row of a product counts, and NULL means not said. */
export const productsTable = defineLakeTable({
  name: "products",
  description: "Products as they were created and changed, and their prices",
  columns: [
    { name: "product_id", type: "string", nullable: false },
    { name: "sku", type: "string" },
    { name: "name", type: "string" },
    { name: "brand", type: "string" },
    { name: "category", type: "string" },
    { name: "variant", type: "string" },
    { name: "price", type: moneyType },
    { name: "cost", type: moneyType },
    { name: "currency", type: "string" },
    { name: "status", type: "string" },
    { name: "url", type: "string" },
    { name: "image_url", type: "string" },
  ],
  from: [{ topic, types: ["product.updated", "price.updated"] }],
  rows: ({ data }) => [
    {
      product_id: id(data["product_id"]),
      sku: id(data["sku"]),
      name: text(data["name"]),
      brand: text(data["brand"]),
      category: text(data["category"]),
      variant: text(data["variant"]),
      price: moneyCell(data["price"]),
      cost: moneyCell(data["cost"]),
      currency: text(data["currency"]),
      status: text(data["status"]),
      url: text(data["url"]),
      image_url: text(data["image_url"]),
    },
  ],
});

export const inventoryTable = defineLakeTable({
  name: "inventory",
  description: "Changes of stock: by so many units, to so many units, or both",
  columns: [
    { name: "product_id", type: "string", nullable: false },
    { name: "change", type: "double" },
    { name: "quantity", type: "double" },
    { name: "location", type: "string" },
    { name: "reason", type: "string" },
  ],
  from: [{ topic, types: ["inventory.updated"] }],
  rows: ({ data }) => [
    {
      event_time: readInstant(data["occurred_at"]),
      product_id: id(data["product_id"]),
      change: number(data["change"]),
      quantity: number(data["quantity"]),
      location: text(data["location"]),
      reason: text(data["reason"]),
    },
  ],
});
