import { createToken, type Token } from "../container.ts";

/** A plugin's service as others ask for it; lives in the plugin's `/contract` entry, which holds no code. */
export interface ServiceToken<Service> {
  readonly plugin: string;
  readonly token: Token<Service>;
}

export interface OptionalService<Service> {
  readonly optional: ServiceToken<Service>;
}

export type Dependencies = Readonly<
  Record<string, ServiceToken<unknown> | OptionalService<unknown>>
>;

/** What `setup` is given: the services, those of optional dependencies perhaps undefined. */
export type ResolvedDependencies<D extends Dependencies> = {
  readonly [K in keyof D]: D[K] extends ServiceToken<infer S>
    ? S
    : D[K] extends OptionalService<infer S>
      ? S | undefined
      : never;
};

export function serviceToken<Service>(plugin: string): ServiceToken<Service> {
  return { plugin, token: createToken<Service>(`plugin.${plugin}`) };
}

/** Marks a dependency the plugin can do without. */
export function optional<Service>(token: ServiceToken<Service>): OptionalService<Service> {
  return { optional: token };
}

export function dependencyOf(entry: Dependencies[string]): {
  readonly service: ServiceToken<unknown>;
  readonly required: boolean;
} {
  return "optional" in entry
    ? { service: entry.optional, required: false }
    : { service: entry, required: true };
}
