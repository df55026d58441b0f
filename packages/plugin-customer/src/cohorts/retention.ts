import type { Cohort } from "../contract.ts";

export interface CohortCell {
  /** First month, YYYY-MM. */
  readonly cohort: string;
  /** Months after the first. */
  readonly offset: number;
  readonly customers: number;
}

/** Rows of (cohort, months after, customers) as one row a cohort, with zeros where nobody came back, up to the last month of all. */
export function toCohorts(cells: readonly CohortCell[]): readonly Cohort[] {
  const last = Math.max(...cells.map(({ cohort, offset }) => monthNumber(cohort) + offset));
  const byCohort = new Map<string, Map<number, number>>();
  for (const { cohort, offset, customers } of cells) {
    const row = byCohort.get(cohort) ?? new Map<number, number>();
    byCohort.set(cohort, row.set(offset, customers));
  }
  return [...byCohort]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([cohort, row]) => {
      const size = row.get(0) ?? 0;
      const customers = Array.from(
        { length: last - monthNumber(cohort) + 1 },
        (_, offset) => row.get(offset) ?? 0,
      );
      return {
        cohort,
        size,
        customers,
        retention: customers.map((count) => (size === 0 ? 0 : count / size)),
      };
    });
}

function monthNumber(month: string): number {
  const [year, number] = month.split("-").map(Number);
  return (year ?? 0) * 12 + (number ?? 1) - 1;
}
