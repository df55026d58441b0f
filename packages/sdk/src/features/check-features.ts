import { EcapError } from "../errors/ecap-error.ts";
import { type FeatureDefinition, isWindowFeature, type WindowFeature } from "./feature.ts";
import { bucketOf, seriesOf } from "./window-parts.ts";

const minuteMs = 60_000;
const longestMs = 90 * 86_400_000;

/** ECAP_PLUGIN_INVALID, with the feature and what is wrong with it. */
export function checkFeatures<Subject>(
  set: string,
  features: ReadonlyArray<FeatureDefinition<Subject>>,
): void {
  const refuse = (feature: string, what: string, received?: unknown): never => {
    throw new EcapError("ECAP_PLUGIN_INVALID", `feature "${feature}" of "${set}": ${what}`, {
      received,
    });
  };
  const names = new Set<string>();
  for (const { name } of features) {
    if (names.has(name)) refuse(name, "another feature of the set has the name");
    names.add(name);
  }
  const keys = new Map<string, WindowFeature<Subject>>();
  const series = new Map<string, WindowFeature<Subject>>();
  for (const feature of features.filter(isWindowFeature)) {
    const { name, entity, windowMs, delayMs = 0 } = feature;
    if (!(windowMs >= minuteMs && windowMs <= longestMs))
      refuse(name, "a window is from a minute to 90 days", windowMs);
    if (!(delayMs >= 0 && delayMs <= longestMs))
      refuse(name, "a delay is at most 90 days", delayMs);
    if (!(bucketOf(feature) > 0 && bucketOf(feature) <= windowMs))
      refuse(name, "a bucket is at most the window", feature.bucketMs);
    if ((keys.get(entity) ?? feature).key !== feature.key)
      refuse(name, `features of the entity "${entity}" have different key functions`);
    keys.set(entity, feature);
    const seriesKey = `${entity}/${seriesOf(feature)}`;
    const other = series.get(seriesKey) ?? feature;
    if (other.filter !== feature.filter || other.value !== feature.value)
      refuse(name, `"${other.name}" has the same series and another filter or value`);
    series.set(seriesKey, feature);
  }
}
