import type { SecretStore } from "@ecap/sdk";

export interface EnvSecretStoreOptions {
  /** Put before the name of a secret, as in `ECAP_SECRET_`. Default: nothing. */
  readonly prefix?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Secrets in environment variables. They never change while the process runs. A name that shells do not take is also looked for in capitals:
 * `jwt-secret` with the prefix `ECAP_SECRET_` is `ECAP_SECRET_JWT_SECRET`.
 */
export function envSecretStore(options: EnvSecretStoreOptions = {}): SecretStore {
  const { prefix = "", env = process.env } = options;
  return {
    async get(name) {
      const names = [prefix + name, prefix + name.replace(/[-.]/g, "_").toUpperCase()];
      const found = names.find((each) => Object.hasOwn(env, each));
      return found === undefined ? undefined : env[found];
    },
    watch: () => () => {},
  };
}
