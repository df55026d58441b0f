/** Secrets by name. A value is never logged. */
export interface SecretStore {
  /** The secret, or undefined where there is none of that name. */
  get(name: string): Promise<string | undefined>;
  /** Calls back when the secret changes; returns the function that stops it. */
  watch(name: string, onChange: (value: string | undefined) => void): () => void;
  /** Keeps a secret, where the store can: the file store does, environment variables do not. */
  set?(name: string, value: string): Promise<void>;
}
