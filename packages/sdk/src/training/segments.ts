/** Parts of rows by the values of one column. */
export interface Segments {
  readonly names: readonly string[];
  /** Of each row the place of its segment's name. */
  readonly of: Uint8Array;
}

const bands = 4;

/** Bands of about equally many rows, fewer where many rows share a value; a row without a value is in one of its own. */
export function segmentsOf(column: string, values: ArrayLike<number>): Segments {
  const known = Float64Array.from(values).filter((value) => !Number.isNaN(value));
  known.sort();
  const quantiles = Array.from(
    { length: bands - 1 },
    (_, i) => known[Math.floor(((i + 1) * known.length) / bands)] ?? 0,
  );
  const largest = known.at(-1) ?? 0;
  const edges = [...new Set(quantiles)].filter((edge) => edge < largest);
  const of = Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return edges.length + 1;
    const band = edges.findIndex((edge) => value <= edge);
    return band < 0 ? edges.length : band;
  });
  const [first] = edges;
  const names = [
    ...(first === undefined ? [`any ${column}`] : [`${column} up to ${text(first)}`]),
    ...edges.slice(1).map((edge, i) => `${text(edges[i] ?? 0)} to ${text(edge)}`),
    ...(first === undefined ? [] : [`above ${text(edges.at(-1) ?? 0)}`]),
    ...(known.length < values.length ? [`no ${column}`] : []),
  ];
  return { names, of };
}

function text(edge: number): string {
  return String(Number(edge.toPrecision(3)));
}
