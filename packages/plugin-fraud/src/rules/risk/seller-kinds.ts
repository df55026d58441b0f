/** Who sells: the merchant, and on a marketplace the seller. Of both the risk is worked out. */
export const sellers = ["merchant", "seller"] as const;
export type SellerKind = (typeof sellers)[number];

/** The features that tell it, which are `merchant.risk` and `seller.risk` to rules. */
export const riskFeatures = sellers.map((entity) => ({ name: `${entity}_risk`, entity }));
