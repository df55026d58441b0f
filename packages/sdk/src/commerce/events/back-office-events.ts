import { z } from "zod";
import type { EventEntry } from "../event-entry.ts";
import {
  identifier,
  instant,
  money,
  numeric,
  productFields,
  requiredIdentifier,
  requiredMoney,
  text,
} from "../fields.ts";
import { normaliseFields } from "../normalise.ts";

const update = { topic: "product-updates", normalise: normaliseFields } as const;

/** The catalogue of products, stock, prices, what campaigns cost, and what became known of fraud. */
export const backOfficeEvents = {
  "product.updated": {
    ...update,
    description: "A product is new or changed.",
    aliases: ["Product Updated", "Product Created"],
    schema: z.looseObject({
      ...productFields,
      product_id: requiredIdentifier,
      currency: text,
      cost: money,
      compare_at_price: money,
      status: text,
      description: text,
    }),
    subject: "product_id",
  },
  "inventory.updated": {
    ...update,
    description: "Stock of a product changed: by `change` units, to `quantity` units, or both.",
    aliases: ["Inventory Updated"],
    schema: z.looseObject({
      product_id: requiredIdentifier,
      sku: identifier,
      name: text,
      change: numeric,
      quantity: numeric,
      location: text,
      reason: text,
      occurred_at: instant,
    }),
    subject: "product_id",
  },
  "price.updated": {
    ...update,
    description: "A product's price changed.",
    aliases: ["Price Updated"],
    schema: z.looseObject({
      product_id: requiredIdentifier,
      sku: identifier,
      price: requiredMoney,
      compare_at_price: money,
      cost: money,
      currency: text,
    }),
    subject: "product_id",
  },
  "campaign.spend_recorded": {
    topic: "customer-analytics",
    normalise: normaliseFields,
    description: "What a campaign cost on a day.",
    aliases: ["Campaign Spend Recorded"],
    schema: z.looseObject({
      campaign: text,
      source: text,
      medium: text,
      channel: text,
      amount: requiredMoney,
      currency: text,
      impressions: numeric,
      clicks: numeric,
      /** The UTC day it was spent on, YYYY-MM-DD. */
      day: text,
    }),
    subject: "campaign",
  },
  "label.recorded": {
    topic: "fraud-alerts",
    description:
      "It became known whether a transaction was fraud; its time is when it became known.",
    aliases: ["Label Recorded"],
    schema: z.looseObject({
      /** Id of the event that is labelled. */
      event_id: identifier,
      order_id: identifier,
      payment_id: identifier,
      fraud: z.boolean(),
      /** fraud, legitimate, or unsure, which takes back what its source said before; absent: as `fraud` says. */
      verdict: text,
      scenario: text,
      /** Who says it: analyst, bank, or any other. */
      source: text,
      /** The analyst. */
      labelled_by: text,
    }),
    subject: "order_id",
  },
} as const satisfies Record<string, EventEntry>;
