import { EcapError } from "../errors/ecap-error.ts";
import type { StateStore } from "../ports/state-store.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const attempts = 50;

export function jsonOf(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}

/**
 * Changes one JSON value: reads it, asks for the next one and writes that unless somebody else wrote meanwhile, then again from the start. Resolves
 * what was written. `next` may throw to change nothing. `expiresAt`: epoch milliseconds from which the value is gone.
 */
export async function updateJson<T>(
  store: StateStore,
  key: string,
  next: (current: T | undefined) => T,
  { expiresAt }: { readonly expiresAt?: number } = {},
): Promise<T> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const [entry] = await store.get([key]);
    const value = next(entry === undefined ? undefined : (jsonOf(entry.value) as T));
    const written = await store.compareAndSet(
      {
        key,
        value: encoder.encode(JSON.stringify(value)),
        ...(expiresAt !== undefined && { expiresAt }),
      },
      entry?.version,
    );
    if (written !== undefined) return value;
  }
  throw new EcapError("ECAP_STATE_CONFLICT", `others went on changing ${key}`);
}
