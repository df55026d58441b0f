import { type ErrorCode, errorTable } from "./error-table.ts";

export interface EcapErrorDetails {
  /** What came in, shortened; never a secret or a personal datum. */
  readonly received?: unknown;
  /** The place in the input: a JSON pointer, an option path, a column name. */
  readonly path?: string;
  readonly cause?: unknown;
}

/** An error with a code of the {@link errorTable}: what went wrong, what was received, what to do, whether a retry helps. */
export class EcapError extends Error {
  override readonly name = "EcapError";
  readonly code: ErrorCode;
  readonly help: string;
  readonly retryable: boolean;
  readonly status: number;
  readonly received: unknown;
  readonly path: string | undefined;

  constructor(code: ErrorCode, message: string, details: EcapErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    const entry = errorTable[code];
    this.code = code;
    this.help = entry.help;
    this.retryable = entry.retryable;
    this.status = entry.status;
    this.received = details.received;
    this.path = details.path;
  }
}

export function isEcapError(value: unknown, code?: ErrorCode): value is EcapError {
  return value instanceof EcapError && (code === undefined || value.code === code);
}
