import { EcapError, isEcapError } from "@ecap/sdk";

/** What went wrong, as an EcapError. The cause keeps its message only: ioredis hangs the command, and so data or a password, on its errors. */
export function redisError(error: unknown, address: string): EcapError {
  if (isEcapError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const cause = new Error(message);
  if (message.startsWith("OOM") || message.includes("No space left on device")) {
    return new EcapError("ECAP_STORAGE_FULL", `Redis at ${address} is out of room: ${message}`, {
      cause,
    });
  }
  if (/^(NOAUTH|WRONGPASS|NOPERM)|invalid password/.test(message)) {
    return new EcapError(
      "ECAP_CONFIG_INVALID",
      `Redis at ${address} refuses these credentials: ${message}`,
      { cause },
    );
  }
  if (isTransient(message)) {
    return new EcapError("ECAP_SERVICE_UNREACHABLE", `Redis at ${address}: ${message}`, { cause });
  }
  return new EcapError("ECAP_INTERNAL", `Redis at ${address}: ${message}`, { cause });
}

const transientReplies =
  /^(LOADING|BUSY|MASTERDOWN|READONLY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOREPLICAS|MISCONF|NOSCRIPT|UNBLOCKED)\b/;
const connectionTrouble =
  /timed out|ETIMEDOUT|ECONN|EPIPE|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|Connection is closed|isn't writeable|Socket timeout|max retries per request|Too many Cluster redirections|Failed to refresh slots cache|None of startup nodes|Cluster (is|isn't)/i;

function isTransient(message: string): boolean {
  return transientReplies.test(message) || connectionTrouble.test(message);
}
