import { z } from "zod";

/** Query parameters of a list: `limit` items from `cursor` on. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(50).describe("Items a page"),
  cursor: z.string().max(512).optional().describe("`next` of the page before"),
});

/** A page of a list; `next` is absent on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

/** Cuts one page out of an array, the cursor being the position of its first item. */
export function paginate<Item>(
  items: readonly Item[],
  page: { readonly limit: number; readonly cursor?: string | undefined },
): { items: Item[]; next?: string } {
  const start = Math.max(0, Number.parseInt(page.cursor ?? "0", 10) || 0);
  const end = start + page.limit;
  return { items: items.slice(start, end), ...(end < items.length && { next: String(end) }) };
}
