import { EcapError, isEcapError } from "@ecap/sdk";

/** What `parse` gives; whatever it throws says that `source` is not what the protocol says, as ECAP_TABLE_CORRUPT. */
export function parsed<T>(source: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw notParsed(source, error);
  }
}

export function notParsed(source: string, error: unknown): EcapError {
  if (isEcapError(error)) return error;
  const reason = error instanceof Error ? `: ${error.message}` : "";
  return new EcapError("ECAP_TABLE_CORRUPT", `${source} cannot be read${reason}`, {
    path: source,
    cause: error,
  });
}
