import { z } from "zod";
import type { EventEntry } from "../event-entry.ts";
import { identifier, money, product, text } from "../fields.ts";
import { normaliseFields } from "../normalise.ts";

const behaviour = { topic: "user-events", normalise: normaliseFields } as const;
const promotion = z.looseObject({
  promotion_id: identifier,
  creative: text,
  name: text,
  position: z.union([z.string(), z.number(), z.null()]).optional(),
});
const coupon = z.looseObject({
  order_id: identifier,
  cart_id: identifier,
  coupon_id: identifier,
  coupon_name: text,
  discount: money,
  reason: text,
  currency: text,
});
const wishlist = product.extend({
  wishlist_id: identifier,
  wishlist_name: text,
  cart_id: identifier,
});

/** Promotions, coupons and wishlists. */
export const promotionEvents = {
  "promotion.viewed": {
    ...behaviour,
    description: "A visitor saw a promotion.",
    aliases: ["Promotion Viewed", "Viewed Promotion"],
    schema: promotion,
    subject: "promotion_id",
  },
  "promotion.clicked": {
    ...behaviour,
    description: "A visitor clicked a promotion.",
    aliases: ["Promotion Clicked", "Clicked Promotion"],
    schema: promotion,
    subject: "promotion_id",
  },
  "coupon.entered": {
    ...behaviour,
    description: "A visitor entered a coupon.",
    aliases: ["Coupon Entered", "Entered Coupon"],
    schema: coupon,
    subject: "coupon_id",
  },
  "coupon.applied": {
    ...behaviour,
    description: "A coupon was applied to a cart or order.",
    aliases: ["Coupon Applied", "Applied Coupon"],
    schema: coupon,
    subject: "coupon_id",
  },
  "coupon.denied": {
    ...behaviour,
    description: "A coupon was refused.",
    aliases: ["Coupon Denied", "Denied Coupon"],
    schema: coupon,
    subject: "coupon_id",
  },
  "coupon.removed": {
    ...behaviour,
    description: "A coupon was taken off a cart or order.",
    aliases: ["Coupon Removed", "Removed Coupon"],
    schema: coupon,
    subject: "coupon_id",
  },
  "wishlist.product_added": {
    ...behaviour,
    description: "A visitor put a product on a wishlist.",
    aliases: ["Product Added to Wishlist", "Added Product to Wishlist"],
    schema: wishlist,
    subject: "product_id",
  },
  "wishlist.product_removed": {
    ...behaviour,
    description: "A visitor took a product off a wishlist.",
    aliases: ["Product Removed from Wishlist", "Removed Product from Wishlist"],
    schema: wishlist,
    subject: "product_id",
  },
  "wishlist.product_added_to_cart": {
    ...behaviour,
    description: "A visitor put a product from a wishlist into the cart.",
    aliases: ["Wishlist Product Added to Cart", "Added Wishlist Product to Cart"],
    schema: wishlist,
    subject: "product_id",
  },
} as const satisfies Record<string, EventEntry>;
