import { EcapError } from "@ecap/sdk";
import type { OpenLineageOptions } from "@ecap/sdk/lake";

/**
 * Where lineage is told, by the variables that OpenLineage's own clients know.
 *
 * @see https://openlineage.io/docs/client/python/#environment-variables
 */
export function openLineageSettings(env: NodeJS.ProcessEnv): OpenLineageOptions {
  const {
    OPENLINEAGE_URL: url,
    OPENLINEAGE_ENDPOINT: endpoint,
    OPENLINEAGE_API_KEY: apiKey,
    OPENLINEAGE_NAMESPACE: namespace,
    OPENLINEAGE_DISABLED: disabled,
  } = env;
  const isOff = !url || disabled?.toLowerCase() === "true";
  if (!isOff && !/^https?:$/.test(protocolOf(url))) {
    throw new EcapError("ECAP_CONFIG_INVALID", "OPENLINEAGE_URL is no http or https address", {
      path: "OPENLINEAGE_URL",
    });
  }
  return {
    ...(!isOff && { url }),
    ...(endpoint && { endpoint }),
    ...(apiKey && { apiKey }),
    ...(namespace && { namespace }),
  };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : "";
}
