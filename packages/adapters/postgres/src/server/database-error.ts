import { EcapError, type ErrorCode } from "@ecap/sdk";

/** SQLSTATEs and errors of the network that mean the same to every caller. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const codes: Readonly<Record<string, ErrorCode>> = {
  // Statements that were given up
  "57014": "ECAP_QUERY_TIMEOUT",
  "55P03": "ECAP_QUERY_TIMEOUT",
  // Who may not, and what is not there
  "28000": "ECAP_SERVICE_DENIED",
  "28P01": "ECAP_SERVICE_DENIED",
  "42501": "ECAP_SERVICE_DENIED",
  "3D000": "ECAP_CONFIG_INVALID",
  ERR_INVALID_URL: "ECAP_CONFIG_INVALID",
  // Servers that go, come, or have no room
  "53100": "ECAP_STORAGE_FULL",
  "53300": "ECAP_SERVICE_UNREACHABLE",
  "57P01": "ECAP_SERVICE_UNREACHABLE",
  "57P02": "ECAP_SERVICE_UNREACHABLE",
  "57P03": "ECAP_SERVICE_UNREACHABLE",
  "25P03": "ECAP_SERVICE_UNREACHABLE",
};

const connectionLost =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|timeout expired|Client has encountered a connection error|Client was closed|The server does not support SSL)/;

/**
 * The error as callers see it, undefined where it is about the statement itself, such as a value that is not unique. Its cause is left out where it can
 * hold a connection string.
 */
export function databaseError(error: unknown, server: string): EcapError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { message } = error;
  const state = "code" in error && typeof error.code === "string" ? error.code : "";
  const lost = state.startsWith("08") || isSystemCode(state) || connectionLost.test(message);
  const code = codes[state] ?? (lost ? "ECAP_SERVICE_UNREACHABLE" : undefined);
  if (!code) return undefined;
  if (state === "ERR_INVALID_URL")
    return new EcapError(code, "The address of PostgreSQL is no URL");
  const said = message === "" ? state : message;
  return new EcapError(code, `${server}: ${said}`, { received: state === "" ? undefined : state });
}

/** As ECONNREFUSED, or a complaint of TLS such as DEPTH_ZERO_SELF_SIGNED_CERT; SQLSTATEs have five characters. */
function isSystemCode(code: string): boolean {
  return code.length > 5 && /^[A-Z_]+$/.test(code);
}

/** The server in messages: host, port and database, without user and password. */
export function serverOf(connectionString: string): string {
  try {
    const { host, pathname } = new URL(connectionString);
    return `PostgreSQL at ${host}${pathname}`;
  } catch {
    return "PostgreSQL";
  }
}
