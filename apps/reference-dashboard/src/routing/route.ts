export const pages = ["executive", "live", "cases", "case", "fraud", "rules", "models"] as const;
export type PageName = (typeof pages)[number];

export interface Route {
  readonly page: PageName;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads `#/live` or `#/executive?period=7d`; what is unknown leads to the executive page. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const page = pages.find((name) => name === path) ?? "executive";
  return { page, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

export function formatRoute({ page, parameters }: Route): string {
  const query = new URLSearchParams(parameters).toString();
  return query === "" ? `#/${page}` : `#/${page}?${query}`;
}
