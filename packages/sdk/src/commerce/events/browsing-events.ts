import { z } from "zod";
import type { EventEntry } from "../event-entry.ts";
import {
  identifier,
  money,
  numeric,
  orderMoneyFields,
  product,
  productFields,
  products,
  text,
} from "../fields.ts";
import { normaliseFields } from "../normalise.ts";

const behaviour = { topic: "user-events", normalise: normaliseFields } as const;
const choices = z
  .array(
    z.looseObject({ type: text, value: z.union([z.string(), z.number(), z.null()]).optional() }),
  )
  .nullish();
const oneProduct = z.looseObject({
  ...productFields,
  cart_id: identifier,
  currency: text,
  value: money,
});
const checkoutStep = z.looseObject({
  checkout_id: identifier,
  order_id: identifier,
  step: numeric,
  shipping_method: text,
  payment_method: text,
});

/** What visitors do on the way to an order: searching, browsing, filling the cart, checking out. */
export const browsingEvents = {
  "products.searched": {
    ...behaviour,
    description: "A visitor searched for products.",
    aliases: ["Products Searched", "Searched Products"],
    schema: z.looseObject({ query: text, results: numeric }),
  },
  "product_list.viewed": {
    ...behaviour,
    description: "A visitor viewed a list or category of products.",
    aliases: [
      "Product List Viewed",
      "Viewed Product List",
      "Viewed Product Category",
      "Product Category Viewed",
    ],
    schema: z.looseObject({ list_id: identifier, category: text, products }),
    subject: "list_id",
  },
  "product_list.filtered": {
    ...behaviour,
    description: "A visitor filtered or sorted a list of products.",
    aliases: ["Product List Filtered", "Filtered Product List"],
    schema: z.looseObject({
      list_id: identifier,
      category: text,
      filters: choices,
      sorts: choices,
      products,
    }),
    subject: "list_id",
  },
  "product.clicked": {
    ...behaviour,
    description: "A visitor clicked a product in a list.",
    aliases: ["Product Clicked", "Clicked Product"],
    schema: oneProduct,
    subject: "product_id",
  },
  "product.viewed": {
    ...behaviour,
    description: "A visitor viewed a product's page.",
    aliases: ["Product Viewed", "Viewed Product"],
    schema: oneProduct,
    subject: "product_id",
  },
  "product.added": {
    ...behaviour,
    description: "A visitor put a product into the cart.",
    aliases: ["Product Added", "Added Product"],
    schema: oneProduct,
    subject: "product_id",
  },
  "product.removed": {
    ...behaviour,
    description: "A visitor took a product out of the cart.",
    aliases: ["Product Removed", "Removed Product"],
    schema: oneProduct,
    subject: "product_id",
  },
  "cart.viewed": {
    ...behaviour,
    description: "A visitor viewed the cart.",
    aliases: ["Cart Viewed", "Viewed Cart"],
    schema: z.looseObject({ cart_id: identifier, currency: text, value: money, products }),
    subject: "cart_id",
  },
  "checkout.started": {
    ...behaviour,
    description: "A visitor began to check out.",
    aliases: ["Checkout Started", "Started Checkout"],
    schema: z.looseObject({
      ...orderMoneyFields,
      order_id: identifier,
      checkout_id: identifier,
      cart_id: identifier,
      affiliation: text,
      coupon: text,
      products,
    }),
    subject: "order_id",
  },
  "checkout_step.viewed": {
    ...behaviour,
    description: "A visitor viewed a step of the checkout.",
    aliases: ["Checkout Step Viewed", "Viewed Checkout Step"],
    schema: checkoutStep,
    subject: "checkout_id",
  },
  "checkout_step.completed": {
    ...behaviour,
    description: "A visitor completed a step of the checkout.",
    aliases: ["Checkout Step Completed", "Completed Checkout Step"],
    schema: checkoutStep,
    subject: "checkout_id",
  },
  "payment_info.entered": {
    ...behaviour,
    description: "A visitor entered how to pay. Never carries a card number.",
    aliases: ["Payment Info Entered", "Entered Payment Info"],
    schema: checkoutStep,
    subject: "order_id",
  },
  "product.shared": {
    ...behaviour,
    description: "A visitor shared a product.",
    aliases: ["Product Shared", "Shared Product"],
    schema: product.extend({ share_via: text, share_message: text, recipient: text }),
    subject: "product_id",
  },
  "cart.shared": {
    ...behaviour,
    description: "A visitor shared the cart.",
    aliases: ["Cart Shared", "Shared Cart"],
    schema: z.looseObject({
      share_via: text,
      share_message: text,
      recipient: text,
      cart_id: identifier,
      products,
    }),
    subject: "cart_id",
  },
  "product.reviewed": {
    ...behaviour,
    description: "A customer reviewed a product.",
    aliases: ["Product Reviewed", "Reviewed Product"],
    schema: z.looseObject({
      product_id: identifier,
      review_id: identifier,
      review_body: text,
      rating: numeric,
    }),
    subject: "product_id",
  },
} as const satisfies Record<string, EventEntry>;
