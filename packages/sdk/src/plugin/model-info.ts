/** A model a plugin serves, as the catalogue and the boot plan show it. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** What its score says. */
  readonly description: string;
  /** Names of its inputs, in order. */
  readonly features: readonly string[];
  /** How this process was answered since it began. */
  readonly answers?: { readonly scored: number; readonly late: number; readonly failed: number };
}
