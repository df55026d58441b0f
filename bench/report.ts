import { cpus, totalmem } from "node:os";

/** One measured number, with the peer it is held against where there is one. */
export interface Figure {
  readonly measure: string;
  readonly unit: string;
  /** Which way is better. */
  readonly better: "higher" | "lower";
  /** One value a round. */
  readonly ours: readonly number[];
  readonly peer?: readonly number[];
  /** What our best round, or its ratio to the peer's, must reach. */
  readonly target?: { readonly value: number } | { readonly ratio: number };
}

export interface Report {
  readonly name: string;
  readonly about: string;
  readonly figures: readonly Figure[];
  /** Resident memory in MB, by process. */
  readonly memory: Readonly<Record<string, number>>;
}

interface Line {
  readonly measure: string;
  readonly unit: string;
  readonly best: number;
  readonly median: number;
  readonly peerBest?: number;
  readonly peerMedian?: number;
  /** Ours by the peer's, of the best rounds. */
  readonly ratio?: number;
  readonly target?: number;
  readonly targetOf?: "value" | "ratio";
  readonly met?: boolean;
}

/** The report as one JSON value. */
export function toJson({ name, about, figures, memory }: Report) {
  return { name, about, machine: machine(), figures: figures.map(toLine), memoryMb: memory };
}

/** The report as a table for people. */
export function toText({ name, about, figures, memory }: Report): string {
  const head = ["measure", "best", "median", "peer best", "peer median", "ratio", "target", ""];
  const body = figures.map((figure) => {
    const line = toLine(figure);
    return [
      `${line.measure} (${line.unit})`,
      number(line.best),
      number(line.median),
      number(line.peerBest),
      number(line.peerMedian),
      line.ratio === undefined ? "" : line.ratio.toFixed(2),
      line.target === undefined
        ? ""
        : `${figure.better === "higher" ? "≥" : "≤"} ${line.target}${line.targetOf === "ratio" ? " ×" : ""}`,
      line.met === undefined ? "" : line.met ? "met" : "not met",
    ];
  });
  const widths = head.map((_, i) => Math.max(...[head, ...body].map((row) => row[i]?.length ?? 0)));
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const used = Object.entries(memory).map(([who, mb]) => `${who} ${Math.round(mb)} MB`);
  return [
    `${name}: ${about}`,
    machine(),
    "",
    row(head),
    ...body.map(row),
    ...(used.length > 0 ? ["", `resident memory: ${used.join(", ")}`] : []),
    "",
  ].join("\n");
}

function toLine({ measure, unit, better, ours, peer, target }: Figure): Line {
  const best = bestOf(ours, better);
  const peerBest = peer && bestOf(peer, better);
  const ratio = peerBest === undefined ? undefined : best / peerBest;
  return {
    measure,
    unit,
    best,
    median: median(ours),
    ...(peer !== undefined && { peerBest, peerMedian: median(peer), ratio }),
    ...(target !== undefined && judged(target, better, best, ratio)),
  };
}

function judged(
  target: NonNullable<Figure["target"]>,
  better: Figure["better"],
  best: number,
  ratio: number | undefined,
): Pick<Line, "target" | "targetOf" | "met"> {
  const isRatio = "ratio" in target;
  const wanted = isRatio ? target.ratio : target.value;
  const reached = isRatio ? (ratio ?? Number.NaN) : best;
  return {
    target: wanted,
    targetOf: isRatio ? "ratio" : "value",
    met: better === "higher" ? reached >= wanted : reached <= wanted,
  };
}

function bestOf(values: readonly number[], better: Figure["better"]): number {
  return better === "higher" ? Math.max(...values) : Math.min(...values);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value at the share of the sorted values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function number(value: number | undefined): string {
  if (value === undefined) return "";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(value >= 10 ? 1 : 3);
}

function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GB, Node.js ${process.version}, built packages`;
}
