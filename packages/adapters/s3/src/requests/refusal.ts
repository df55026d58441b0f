import { EcapError, type ErrorCode } from "@ecap/sdk";

/** The server answered no. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  /** Its error code, as in `NoSuchKey`. */
  readonly reason: string;
  /** The HTTP status. */
  readonly status: number;
  /** Whether an attempt before this one may have been carried out, its answer being lost. */
  readonly mayBeDone: boolean;

  constructor(failure: Failure, mayBeDone: boolean) {
    super(failure.message);
    this.reason = failure.reason;
    this.status = failure.status ?? 0;
    this.mayBeDone = mayBeDone;
  }
}

export function isRefusal(error: unknown, status: number): error is Refusal {
  return error instanceof Refusal && error.status === status;
}

/** What is known of a request that failed. Nothing of it can hold a credential: the SDK's own errors can, so they go no further. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
  readonly status: number | undefined;
  /** Whether the same request may succeed later. */
  readonly passes: boolean;
  /** Whether the request was surely not carried out. */
  readonly unsent: boolean;
}

const neverSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
const givenUp = new Set(["AbortError", "TimeoutError", "RequestTimeout"]);

/** Undefined for errors that are not the server's or the network's. */
export function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const status = statusOf(error);
  if (status !== undefined) {
    const passes = status >= 500 || status === 429 || status === 408 || status === 409;
    // An answer of 2xx that cannot be read is as good as none.
    return { reason: name, message, status, passes: passes || status < 300, unsent: false };
  }
  if (name === "CredentialsProviderError") {
    return { reason: name, message: "no credentials", status: 403, passes: false, unsent: true };
  }
  if (code === undefined && !givenUp.has(name)) return undefined;
  const unsent = code !== undefined && neverSent.has(code);
  const said = givenUp.has(name) ? "no answer in time" : (code ?? name);
  return { reason: code ?? name, message: said, status: undefined, passes: true, unsent };
}

function statusOf(error: Error): number | undefined {
  const metadata: unknown = "$metadata" in error ? error.$metadata : undefined;
  const status: unknown =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? metadata.httpStatusCode
      : undefined;
  return typeof status === "number" ? status : undefined;
}

const codes: Readonly<Record<string, ErrorCode>> = {
  KeyTooLongError: "ECAP_OBJECT_KEY",
  XMinioStorageFull: "ECAP_STORAGE_FULL",
  QuotaExceeded: "ECAP_STORAGE_FULL",
  NoSuchBucket: "ECAP_CONFIG_INVALID",
  PermanentRedirect: "ECAP_CONFIG_INVALID",
  AuthorizationHeaderMalformed: "ECAP_CONFIG_INVALID",
};

/** A refusal as callers see it; `server` and `what` say where and what for. */
export function refused(refusal: Refusal, server: string, what: string): EcapError {
  const { status, reason, message } = refusal;
  const denied = status === 401 || status === 403;
  const code = codes[reason] ?? (denied ? "ECAP_SERVICE_DENIED" : "ECAP_INTERNAL");
  return new EcapError(code, `${server} refused to ${what}: ${reason}: ${message}`);
}
