import { EcapError } from "@ecap/sdk";
import type { MetaDataAction, ProtocolAction } from "./actions.ts";

/** What new tables ask of readers and writers: nothing that any Delta reader lacks. */
export const basicProtocol: ProtocolAction = { minReaderVersion: 1, minWriterVersion: 2 };

/** Reader features this package reads right. */
const readerFeatures: ReadonlySet<string> = new Set([
  "columnMapping",
  "deletionVectors",
  "timestampNtz",
  "typeWidening",
  "typeWidening-preview",
  "v2Checkpoint",
  "vacuumProtocolCheck",
]);

export type ColumnMappingMode = "none" | "name" | "id";

/**
 * Throws ECAP_TABLE_UNSUPPORTED where reading the table could give wrong rows.
 *
 * @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#valid-feature-names-in-table-features
 */
export function checkReadable(protocol: ProtocolAction, metaData: MetaDataAction): void {
  const unknown = (protocol.readerFeatures ?? []).filter((feature) => !readerFeatures.has(feature));
  const { minReaderVersion } = protocol;
  if (!(minReaderVersion >= 1 && minReaderVersion <= 3)) {
    throw unsupported(`reader version ${minReaderVersion}`);
  }
  if (unknown.length > 0) throw unsupported(`the reader feature ${unknown.join(", ")}`);
  columnMappingMode(protocol, metaData);
}

/** How columns are found in data files. The table's property counts only where the protocol allows it. */
export function columnMappingMode(
  { minReaderVersion, readerFeatures: features = [] }: ProtocolAction,
  { configuration }: MetaDataAction,
): ColumnMappingMode {
  const mode = configuration["delta.columnMapping.mode"] ?? "none";
  const allowed = minReaderVersion === 2 || features.includes("columnMapping");
  if (!allowed || mode === "none") return "none";
  if (mode !== "name" && mode !== "id") throw unsupported(`column mapping by ${mode}`);
  return mode;
}

function unsupported(what: string): EcapError {
  return new EcapError("ECAP_TABLE_UNSUPPORTED", `The table needs ${what}`, { received: what });
}
