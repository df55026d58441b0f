import type { ProcessContext } from "@ecap/sdk/streams";

/** Values of a processor's state as JSON, for one batch: read once, and staged where they were changed. */
export interface JsonState {
  /** Reads what was not read yet. */
  load(keys: readonly string[]): Promise<void>;
  /** What was loaded or set; undefined where absent. */
  get(key: string): unknown;
  /** Undefined removes. */
  set(key: string, value: unknown): void;
  stage(): void;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function jsonState(context: Pick<ProcessContext, "get" | "set">): JsonState {
  const values = new Map<string, unknown>();
  const changed = new Set<string>();
  return {
    async load(keys) {
      const missing = [...new Set(keys)].filter((key) => !values.has(key));
      if (missing.length === 0) return;
      const stored = await context.get(missing);
      missing.forEach((key, i) => {
        const bytes = stored[i];
        values.set(key, bytes === undefined ? undefined : JSON.parse(decoder.decode(bytes)));
      });
    },
    get: (key) => values.get(key),
    set(key, value) {
      values.set(key, value);
      changed.add(key);
    },
    stage() {
      for (const key of changed) {
        const value = values.get(key);
        context.set(key, value === undefined ? undefined : encoder.encode(JSON.stringify(value)));
      }
    },
  };
}
