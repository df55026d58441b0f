import { jaroWinkler } from "./similarity.ts";

/** `; did you mean "…"?` where one of the names is near, else nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  let best = "";
  let likeness = 0.8;
  for (const candidate of names) {
    const score = jaroWinkler(name.toLowerCase(), candidate.toLowerCase());
    if (score > likeness) [best, likeness] = [candidate, score];
  }
  return best === "" ? "" : `; did you mean "${best}"?`;
}
