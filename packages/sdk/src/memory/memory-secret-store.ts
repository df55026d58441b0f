import type { SecretStore } from "../ports/secret-store.ts";

/** Secrets that live as long as the process. */
export function memorySecretStore(
  initial: Readonly<Record<string, string>> = {},
): Required<SecretStore> {
  const secrets = new Map(Object.entries(initial));
  const watchers = new Map<string, Set<(value: string | undefined) => void>>();

  return {
    async get(name) {
      return secrets.get(name);
    },
    watch(name, onChange) {
      const listener = (value: string | undefined) => onChange(value);
      const listeners = watchers.get(name) ?? new Set();
      watchers.set(name, listeners.add(listener));
      return () => void listeners.delete(listener);
    },
    async set(name, value) {
      if (secrets.get(name) === value) return;
      secrets.set(name, value);
      for (const listener of watchers.get(name) ?? []) listener(value);
    },
  };
}
