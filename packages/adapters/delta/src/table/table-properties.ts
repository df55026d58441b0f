import { EcapError } from "@ecap/sdk";
import type { MetaDataAction } from "../format/actions.ts";

const unitMs: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 7 * 86_400_000,
};

/** A property such as `interval 7 days` in milliseconds, or the default where the table does not set it. */
export function intervalProperty(
  { configuration }: MetaDataAction,
  property: string,
  defaultMs: number,
): number {
  const text = configuration[property] ?? undefined;
  if (text === undefined) return defaultMs;
  const parts = [...text.toLowerCase().matchAll(/(\d+)\s*([a-z]+?)s?(?=\s|$)/g)];
  const milliseconds = parts.map(
    ([, count, unit = ""]) => Number(count) * (unitMs[unit] ?? Number.NaN),
  );
  const total = milliseconds.reduce((sum, each) => sum + each, 0);
  if (parts.length === 0 || Number.isNaN(total)) {
    throw new EcapError(
      "ECAP_TABLE_UNSUPPORTED",
      `${property} is not an interval of days, hours…`,
      {
        path: property,
        received: text,
      },
    );
  }
  return total;
}

export function isOn({ configuration }: MetaDataAction, property: string): boolean {
  return configuration[property]?.toLowerCase() === "true";
}

/** A property that is a positive whole number, or the default. */
export function countProperty(
  { configuration }: MetaDataAction,
  property: string,
  byDefault: number,
): number {
  const count = Number(configuration[property] ?? Number.NaN);
  return Number.isSafeInteger(count) && count > 0 ? count : byDefault;
}

/** How long removed files stay for readers of old versions: a week, as other writers have it. */
export function removedFileRetentionMs(metaData: MetaDataAction): number {
  return intervalProperty(metaData, "delta.deletedFileRetentionDuration", 7 * 86_400_000);
}
