/** How many versions are kept, and they, the newest first; a null value says that the row was removed then. */
export type TableRow = readonly [
  keep: number,
  versions: ReadonlyArray<readonly [at: number, value: unknown]>,
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The key of a row among those of its partition. */
export function tableKey(tenant: string, key: string): string {
  return `row/${tenant}\n${key}`;
}

/** The row with another version. One that is older than those kept changes nothing, so late events do not bring old rows back. */
export function updatedRow(
  stored: Uint8Array | undefined,
  { at, value, keep }: { readonly at: number; readonly value: unknown; readonly keep: number },
): Uint8Array {
  const held = stored === undefined ? [] : parseRow(stored)[1];
  const versions = [
    ...held.filter(([time]) => time !== at),
    [at, value ?? null] as [number, unknown],
  ]
    .toSorted(([a], [b]) => b - a)
    .slice(0, keep);
  return encoder.encode(JSON.stringify([keep, versions] satisfies TableRow));
}

/** The value as of a time, or the newest where only that is kept; undefined where there is none. */
export function valueAt([keep, versions]: TableRow, time: number): unknown {
  const found = keep === 1 ? versions[0] : versions.find(([at]) => at <= time);
  return found?.[1] ?? undefined;
}

export function parseRow(stored: Uint8Array): TableRow {
  return JSON.parse(decoder.decode(stored));
}
