import { readFile } from "node:fs/promises";
import { EcapError } from "@ecap/sdk";
import type { Command } from "commander";

/** Adds a command to `ecap model`, with the options that all of these have. */
export type AddCommand = (name: string, description: string) => Command;

export interface UseCaseOptions {
  readonly useCase: string;
}

export interface FileOptions extends UseCaseOptions {
  readonly contract?: string;
  readonly note?: string;
}

/** A model that may be registered, as the API tells it. */
export interface Checked {
  readonly name: string;
  readonly sha256: string;
  readonly producer: string;
  readonly rowMs?: number;
  readonly golden: { readonly rows: number; readonly largestDifference: number };
  readonly warnings: readonly string[];
  /** Of an ensemble. */
  readonly members?: readonly string[];
}

export interface Version extends Checked {
  readonly version: number;
  readonly state: string;
  readonly share?: number;
  readonly registeredBy: string;
  readonly registeredAt: string;
}

export function base({ useCase }: UseCaseOptions): string {
  return `/v1/models/${encodeURIComponent(useCase)}`;
}

export function readInput(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: unknown) => {
    throw new EcapError("ECAP_FILE_UNREADABLE", `${file} cannot be read`, { cause });
  });
}

export async function readJson(file: string): Promise<unknown> {
  const text = (await readInput(file)).toString("utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EcapError("ECAP_REQUEST_INVALID", `${file} is no JSON`, { cause });
  }
}

export function described({
  name,
  sha256,
  producer,
  rowMs,
  golden,
  warnings,
  members,
}: Checked): string {
  return [
    members === undefined
      ? `${name}, made by ${producer || "nobody knows what"}, SHA-256 ${sha256}`
      : `${name}, an ensemble of ${members.join(", ")}`,
    `${golden.rows} golden vectors, off by ${golden.largestDifference.toExponential(1)} at most`,
    ...(rowMs === undefined ? [] : [`${rowMs.toFixed(3)} ms a row`]),
    ...warnings.map((warning) => `note: ${warning}`),
  ].join("\n");
}
