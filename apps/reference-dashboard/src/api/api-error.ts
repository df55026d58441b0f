/** A problem document of the API (RFC 9457), or what stands for one when no answer came. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly help: string;
  readonly requestId?: string;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export const unreachable: Problem = {
  status: 0,
  code: "UNREACHABLE",
  detail: "The server did not answer.",
  help: "Check that it is running and that you are online, then try again.",
};

/** The problem a response describes; whatever else comes with an error status is told by that status. */
export async function readProblem(response: Response): Promise<Problem> {
  const found: unknown = await response.json().catch(() => undefined);
  const { code, detail, help, requestId } = (found ?? {}) as Partial<Problem>;
  return {
    status: response.status,
    code: text(code) ?? `HTTP_${response.status}`,
    detail: text(detail) ?? `The server answered with status ${response.status}.`,
    help: text(help) ?? "Try again in a moment.",
    ...(text(requestId) !== undefined && { requestId: String(requestId) }),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
