import type { MetaDataAction } from "../format/actions.ts";

const property = "delta.columnMapping.maxColumnId";

/** The greatest id a column ever had; 0 where columns have none. */
export function maxColumnId({ configuration }: MetaDataAction): number {
  return Number(configuration[property] ?? 0);
}

/** The metadata with ids up to `maxId` taken, as they only ever grow. */
export function withColumnIds(metaData: MetaDataAction, maxId: number): MetaDataAction {
  if (maxId <= maxColumnId(metaData)) return metaData;
  return { ...metaData, configuration: { ...metaData.configuration, [property]: String(maxId) } };
}
