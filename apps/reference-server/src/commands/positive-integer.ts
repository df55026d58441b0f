import { InvalidArgumentError } from "commander";

/** A number given on the command line. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number above zero");
  return value;
}
