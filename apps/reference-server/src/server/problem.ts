import { EcapError, type Logger } from "@ecap/sdk";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";

/** A problem document. @see https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly help: string;
  readonly retryable: boolean;
  readonly path?: string;
  readonly requestId?: string;
}

/** Any error as a problem document; what is no EcapError is logged and told only as ECAP_INTERNAL. */
export function toProblem(error: unknown, logger: Logger, requestId: string): Problem {
  const known = asEcapError(error);
  const shown =
    known ??
    new EcapError(
      "ECAP_INTERNAL",
      "something went wrong inside; it was logged under the request id",
    );
  if (known === undefined)
    logger.error(
      { requestId, error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      "request failed",
    );
  else if (known.status >= 500)
    logger.error({ requestId, code: known.code, error: known.message }, "request failed");
  return {
    type: `https://ecap.dev/errors#${shown.code}`,
    title: shown.code,
    status: shown.status,
    code: shown.code,
    detail: shown.message,
    help: shown.help,
    retryable: shown.retryable,
    ...(shown.path !== undefined && { path: shown.path }),
    requestId,
  };
}

function asEcapError(error: unknown): EcapError | undefined {
  if (error instanceof EcapError) return error;
  if (error instanceof HTTPException && error.status < 500) {
    const code = error.status === 413 ? "ECAP_BATCH_TOO_LARGE" : "ECAP_REQUEST_INVALID";
    return new EcapError(
      code,
      error.message === "" ? "the request could not be read" : error.message,
    );
  }
  return undefined;
}

/** Answers with the problem; a busy one says when to come back. */
export function sendProblem(c: Context, problem: Problem): Response {
  const status = problem.status as ContentfulStatusCode;
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (problem.status === 429 || problem.status === 503) headers["retry-after"] = "1";
  if (problem.status === 401) headers["www-authenticate"] = 'Bearer realm="ecap"';
  return c.body(JSON.stringify(problem), status, headers);
}
