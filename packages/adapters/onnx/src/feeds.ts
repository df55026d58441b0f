import { EcapError, type LoadOptions, type ModelTensor } from "@ecap/sdk";

export type FeedData =
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** A tensor as plain data, which goes to a worker as it is. */
export interface Feed {
  readonly name: string;
  readonly type: ModelTensor["type"];
  readonly data: FeedData;
  readonly dims: readonly number[];
}

/** How rows of features become the inputs of a model: one input of all features, or several that share them in order. */
export interface FeedLayout {
  /** Features a row; undefined where the model leaves it open. */
  readonly width: number | undefined;
  /** Input tensors for so many rows of so many features. */
  allocate(rows: number, width: number): readonly Feed[];
  /** Writes one row; throws ECAP_MODEL_INPUT where it does not fit. */
  write(feeds: readonly Feed[], row: number, features: readonly number[]): void;
}

export function feedLayout(
  inputs: readonly ModelTensor[],
  { missing = "error" }: LoadOptions,
): FeedLayout {
  const widths = inputs.map(({ shape }) => (shape.length < 2 ? 1 : shape.at(-1)));
  const known = widths.every((each) => typeof each === "number");
  const width = known ? widths.reduce((sum, each) => sum + each, 0) : undefined;

  return {
    width,
    allocate: (rows, features) =>
      inputs.map(({ name, type, shape }, i) => {
        const own = known ? Number(widths[i]) : features;
        const dims = shape.length < 2 ? [rows] : [rows, ...shape.slice(1, -1).map(Number), own];
        return { name, type, data: typed(type, rows * own), dims };
      }),
    write(feeds, row, features) {
      if (width !== undefined && features.length !== width) {
        throw misfit(`the model takes ${width} features, not ${features.length}`, features.length);
      }
      let at = 0;
      for (const [i, feed] of feeds.entries()) {
        const own = known ? Number(widths[i]) : features.length;
        for (let column = 0; column < own; column += 1) {
          put(feed, row * own + column, features[at], at);
          at += 1;
        }
      }
    },
  };

  function put({ type, data }: Feed, to: number, value: number | undefined, index: number): void {
    const isMissing = value === undefined || Number.isNaN(value);
    if (isMissing ? missing === "error" : !Number.isFinite(value)) {
      throw misfit(`feature ${index} is ${value}`, value, index);
    }
    const number = value ?? Number.NaN;
    if (type === "float32" || type === "float64") {
      data[to] = number;
      return;
    }
    if (!Number.isInteger(number))
      throw misfit(`feature ${index} has to be a whole number`, number, index);
    if (data instanceof BigInt64Array) data[to] = BigInt(number);
    else data[to] = number;
  }
}

function typed(type: ModelTensor["type"], length: number): FeedData {
  switch (type) {
    case "float32":
      return new Float32Array(length);
    case "float64":
      return new Float64Array(length);
    case "int32":
      return new Int32Array(length);
    case "int64":
      return new BigInt64Array(length);
    case "bool":
    case "string":
      return new Uint8Array(length);
    default:
      return type satisfies never;
  }
}

function misfit(message: string, received: unknown, index?: number): EcapError {
  return new EcapError("ECAP_MODEL_INPUT", message, {
    received,
    ...(index !== undefined && { path: `/${index}` }),
  });
}
