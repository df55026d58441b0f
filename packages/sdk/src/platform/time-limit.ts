import { EcapError } from "../errors/ecap-error.ts";

/** Resolves as `work` does, or rejects with ECAP_PLUGIN_TIMEOUT when the limit passes first. */
export async function withTimeLimit<T>(
  what: string,
  timeoutMs: number,
  work: () => Promise<T> | T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new EcapError("ECAP_PLUGIN_TIMEOUT", `${what} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
