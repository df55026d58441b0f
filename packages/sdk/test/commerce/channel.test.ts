import { expect, test } from "vitest";
import { channelOf, isInternalPage } from "../../src/commerce/index.ts";

const shop = "https://shop.example/products";

test.each([
  ["direct", { page: { url: shop } }],
  ["organic_search", { page: { url: shop, referrer: "https://www.google.co.uk/" } }],
  ["social", { page: { url: shop, referrer: "https://l.facebook.com/l.php?u=x" } }],
  ["referral", { page: { url: shop, referrer: "https://blog.example/post" } }],
  ["paid_search", { campaign: { source: "google", medium: "cpc" } }],
  ["paid_social", { campaign: { source: "facebook", medium: "paid_social" } }],
  ["display", { campaign: { source: "criteo", medium: "display" } }],
  ["display", { campaign: { source: "criteo", medium: "cpc" } }],
  ["email", { campaign: { source: "newsletter", medium: "Email" } }],
  ["affiliate", { campaign: { source: "awin", medium: "affiliate" } }],
  ["organic_search", { campaign: { source: "bing", medium: "organic" } }],
  ["social", { campaign: { source: "instagram", medium: "social" } }],
  ["referral", { campaign: { source: "partner.example", medium: "referral" } }],
  ["other", { campaign: { name: "spring" } }],
  [undefined, {}],
  [undefined, { page: { url: shop, referrer: "https://www.shop.example/" } }],
])("%s", (channel, context) => expect(channelOf(context)).toBe(channel));

test("a page reached from within the shop is internal whatever campaign the session carries", () => {
  expect(
    isInternalPage({
      page: { url: shop, referrer: "https://shop.example/" },
      campaign: { source: "google" },
    }),
  ).toBe(true);
  expect(isInternalPage({ page: { url: shop } })).toBe(false);
});
