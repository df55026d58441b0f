export interface DecimalSize {
  readonly precision: number;
  readonly scale: number;
}

/** The size in the name of a decimal type; undefined for any other type. */
export function decimalSize(type: unknown): DecimalSize | undefined {
  if (typeof type !== "string") return undefined;
  const match = /^decimal\((\d{1,2}),\s*(\d{1,2})\)$/.exec(type);
  const [precision, scale] = [Number(match?.[1]), Number(match?.[2])];
  return match && precision >= 1 && precision <= 38 ? { precision, scale } : undefined;
}
