import type { PluginContext } from "@ecap/sdk";

/** What of the plugin's context watching quality takes. */
export type QualityContext = Pick<PluginContext, "clock" | "port" | "has" | "inspect">;
