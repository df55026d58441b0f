import type { SecretStore } from "@ecap/sdk";

export interface EnvSecretStoreOptions {
  /** Put before the name of a secret, as in `ECAP_SECRET_`. Default: nothing. */
  readonly prefix?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Secrets in environment variables. They never change while the process runs. */
export function envSecretStore(options: EnvSecretStoreOptions = {}): SecretStore {
  const { prefix = "", env = process.env } = options;
  return {
    get: async (name) => (Object.hasOwn(env, prefix + name) ? env[prefix + name] : undefined),
    watch: () => () => {},
  };
}
