import type { AnyPluginDefinition } from "../../src/plugin/define-plugin.ts";
import { definePlugin, type Plugin } from "../../src/plugin/index.ts";

/** A plugin that does nothing but what is given, and keeps nothing about anybody. */
export function testPlugin(name: string, more: Partial<AnyPluginDefinition> = {}): Plugin {
  return definePlugin({
    name,
    version: "1.0.0",
    sdk: "0.x",
    personalData: "none",
    setup: () => ({}),
    ...(more as object),
  })();
}
