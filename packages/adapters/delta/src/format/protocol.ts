import { EcapError } from "@ecap/sdk";
import type { MetaDataAction, ProtocolAction } from "./actions.ts";

/** What new tables ask of readers and writers: nothing that any Delta reader lacks. */
export const basicProtocol: ProtocolAction = { minReaderVersion: 1, minWriterVersion: 2 };

/** Features that change nothing for this reader or writer. Column mapping is checked by its mode. */
const harmlessToReaders = new Set(["vacuumProtocolCheck", "columnMapping"]);
const harmlessToAppends = new Set(["appendOnly", "invariants"]);

/** Throws ECAP_TABLE_UNSUPPORTED where reading the table could give wrong rows. */
export function checkReadable(protocol: ProtocolAction, metaData: MetaDataAction): void {
  const { minReaderVersion, readerFeatures = [] } = protocol;
  const unknown = readerFeatures.filter((feature) => !harmlessToReaders.has(feature));
  if (minReaderVersion > 3) throw unsupported(`reader version ${minReaderVersion}`);
  if (unknown.length > 0) throw unsupported(`the reader feature ${unknown.join(", ")}`);
  const mapping = metaData.configuration["delta.columnMapping.mode"] ?? "none";
  if (mapping !== "none") throw unsupported(`column mapping by ${mapping}`);
}

/** Throws ECAP_TABLE_UNSUPPORTED where an append could break a rule of the table. */
export function checkAppendable(protocol: ProtocolAction, readOnly: string | undefined): void {
  const { minWriterVersion, writerFeatures = [] } = protocol;
  const unknown = writerFeatures.filter((feature) => !harmlessToAppends.has(feature));
  if (minWriterVersion > 2 && minWriterVersion !== 7)
    throw unsupported(`writer version ${minWriterVersion}`);
  if (unknown.length > 0) throw unsupported(`the writer feature ${unknown.join(", ")}`);
  if (readOnly) throw new EcapError("ECAP_TABLE_UNSUPPORTED", `Cannot append: ${readOnly}`);
}

function unsupported(what: string): EcapError {
  return new EcapError("ECAP_TABLE_UNSUPPORTED", `The table needs ${what}`, { received: what });
}
