import type { StateStore } from "@ecap/sdk";

export const rounds = 200;
export const entities = 5;
const key = (part: string): string => `{race}/${part}`;
const windows = [
  { name: "n", windowMs: 3_600_000, bucketMs: 60_000, aggregate: "count" as const },
  { name: "sum", windowMs: 3_600_000, bucketMs: 60_000, aggregate: "sum" as const },
];

export interface Raced {
  /** Contributions that were applied here, and the counts they were told, by entity. */
  readonly applied: number;
  readonly counts: ReadonlyArray<readonly number[]>;
  /** Values of the counter that were written here. */
  readonly written: readonly number[];
}

/** Contributes ids that the others contribute too, and increments a counter together with a copy of it. */
export async function race(store: StateStore, name: string): Promise<Raced> {
  const counts: number[][] = Array.from({ length: entities }, () => []);
  const written: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      counts.map(async (own, entity) => {
        const { applied, after } = await store.contribute({
          key: `entity/${entity}`,
          id: `e${round}`,
          at: Date.now(),
          windows,
          values: [1, 0.1],
        });
        if (applied) own.push(after[0] ?? 0);
      }),
    );
    const [counter, copy] = await store.get([key("counter"), key("copy")]);
    const text = counter && new TextDecoder().decode(counter.value);
    if (text !== (copy && new TextDecoder().decode(copy.value)))
      throw new Error(`${name} saw half a write: ${text}`);
    const next = Number(text ?? 0) + 1;
    const value = new TextEncoder().encode(String(next));
    const version = await store.writeGroup(
      [
        { key: key("counter"), value },
        { key: key("copy"), value },
      ],
      { key: key("counter"), expected: counter?.version },
    );
    if (version !== undefined) written.push(next);
  }
  return { applied: counts.flat().length, counts, written };
}
