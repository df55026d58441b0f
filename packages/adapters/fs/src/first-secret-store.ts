import type { SecretStore } from "@ecap/sdk";

/** A secret from the first of the stores that has it. What they are given is kept by none. */
export function firstSecretStore(stores: readonly SecretStore[]): SecretStore {
  const get = async (name: string): Promise<string | undefined> => {
    for (const store of stores) {
      const value = await store.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return {
    get,
    watch(name, onChange) {
      let stopped = false;
      let known = get(name).catch(() => undefined);
      // A change in one store may be hidden by an earlier one.
      const look = async () => {
        const before = await known;
        known = get(name).catch(() => before);
        const value = await known;
        if (!stopped && value !== before) onChange(value);
      };
      const stops = stores.map((store) => store.watch(name, () => void look()));
      return () => {
        stopped = true;
        for (const stop of stops) stop();
      };
    },
  };
}
