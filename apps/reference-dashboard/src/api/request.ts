import { ApiError, readProblem, unreachable } from "./api-error.ts";

export type Parameters = Readonly<Record<string, string | number | undefined>>;

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  readonly query?: Parameters;
  readonly body?: object;
  readonly signal?: AbortSignal;
}

/** One call of the API, signed in by its cookie. Rejects with an {@link ApiError}, or with the signal's reason. */
export async function request<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = "GET", query = {}, body, signal } = options;
  const response = await fetch(address(path, query), {
    method,
    headers: { accept: "application/json", ...(body && { "content-type": "application/json" }) },
    ...(body && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError(unreachable);
  });
  if (!response.ok) throw new ApiError(await readProblem(response));
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

function address(path: string, query: Parameters): string {
  const known = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known)}`;
}
