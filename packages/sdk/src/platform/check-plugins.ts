import { EcapError } from "../errors/ecap-error.ts";
import type { Plugin } from "../plugin/define-plugin.ts";
import { dependencyOf } from "../plugin/dependency.ts";
import { satisfies } from "./sdk-range.ts";

/** Checks what plugins say of themselves, before anything of them runs, and returns them in the order to set up: dependencies first. */
export function checkPlugins(plugins: readonly Plugin[], sdkVersion: string): readonly Plugin[] {
  const byName = new Map<string, Plugin>();
  for (const plugin of plugins) {
    checkMetadata(plugin, sdkVersion);
    if (byName.has(plugin.name))
      throw new EcapError("ECAP_PLUGIN_DUPLICATE", `plugin "${plugin.name}" is given twice`);
    byName.set(plugin.name, plugin);
  }
  return dependencyOrder(byName);
}

function checkMetadata(plugin: Plugin, sdkVersion: string): void {
  const { name, definition } = plugin;
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    throw new EcapError(
      "ECAP_PLUGIN_INVALID",
      `plugin name "${name}" must be lower-case letters, digits and dashes`,
    );
  }
  if (definition.personalData === undefined) {
    throw new EcapError(
      "ECAP_PLUGIN_INVALID",
      `plugin "${name}" does not say what it keeps about people; set personalData, or to none`,
    );
  }
  if (!satisfies(sdkVersion, definition.sdk)) {
    throw new EcapError(
      "ECAP_PLUGIN_SDK_RANGE",
      `plugin "${name}" ${definition.version} works with @ecap/sdk ${definition.sdk}, this is ${sdkVersion}`,
    );
  }
}

function dependencyOrder(byName: ReadonlyMap<string, Plugin>): readonly Plugin[] {
  const ordered: Plugin[] = [];
  const done = new Set<string>();

  function visit(plugin: Plugin, path: readonly string[]): void {
    if (done.has(plugin.name)) return;
    if (path.includes(plugin.name)) {
      throw new EcapError(
        "ECAP_PLUGIN_CYCLE",
        `plugins depend on each other in a circle: ${[...path, plugin.name].join(" → ")}`,
      );
    }
    for (const entry of Object.values(plugin.definition.dependsOn ?? {})) {
      const { service, required } = dependencyOf(entry);
      const needed = byName.get(service.plugin);
      if (needed !== undefined) visit(needed, [...path, plugin.name]);
      else if (required) {
        throw new EcapError(
          "ECAP_PLUGIN_MISSING_DEPENDENCY",
          `plugin "${plugin.name}" needs plugin "${service.plugin}", which is not there`,
        );
      }
    }
    done.add(plugin.name);
    ordered.push(plugin);
  }

  for (const plugin of byName.values()) visit(plugin, []);
  return ordered;
}
