import { EcapError, isEcapError } from "@ecap/sdk";

/** What DuckDB threw as an error of the table: of the files, or of the query. */
export function queryError(error: unknown): unknown {
  if (isEcapError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (
    /^(IO|Corruption|Serialization) Error|No magic bytes|too small to be a Parquet/.test(message)
  ) {
    return new EcapError("ECAP_STORAGE_CORRUPT", message, { cause: error });
  }
  return new EcapError("ECAP_QUERY_INVALID", message, { cause: error });
}
