import { EcapError } from "@ecap/sdk";
import { schemaFields } from "../files/table-fields.ts";
import type { ProtocolAction } from "../format/actions.ts";
import { parseSchema } from "../format/schema.ts";
import type { TableState } from "../log/table-state.ts";

/** Writer features this writer keeps to, or that bind it only where a table makes use of them, which is looked at below. */
const knownFeatures: ReadonlySet<string> = new Set([
  "appendOnly",
  "invariants",
  "checkConstraints",
  "columnMapping",
  "typeWidening",
  "timestampNtz",
  "inCommitTimestamp",
  "vacuumProtocolCheck",
  "changeDataFeed",
  "generatedColumns",
  "identityColumns",
  "allowColumnDefaults",
  "deletionVectors",
  "domainMetadata",
  "v2Checkpoint",
]);

/** What a column may carry that asks more of a writer than this one does. */
const unsupportedMetadata: Readonly<Record<string, string>> = {
  "delta.generationExpression": "is generated",
  "delta.identity.start": "is an identity",
  CURRENT_DEFAULT: "has a default value",
};

/** Throws ECAP_TABLE_UNSUPPORTED where a write could break a rule of the table. */
export function checkWritable({ protocol, metaData }: TableState): void {
  const { minWriterVersion, writerFeatures: listed = [] } = protocol;
  if (minWriterVersion > 7) throw unsupported(`writer version ${minWriterVersion}`);
  const unknown = listed.filter((feature) => !knownFeatures.has(feature));
  if (unknown.length > 0) throw unsupported(`the writer feature ${unknown.join(", ")}`);
  for (const { name, metadata } of schemaFields(metaData)) {
    const found = Object.keys(unsupportedMetadata).find((key) => key in metadata);
    if (found)
      throw unsupported(`a writer for column ${name}, which ${unsupportedMetadata[found]}`);
  }
}

/** As checkWritable, for rows as they come: their types must be ones that this package makes files of. */
export function checkAppendable(state: TableState): void {
  checkWritable(state);
  const { readOnly } = parseSchema(state);
  if (readOnly) throw new EcapError("ECAP_TABLE_UNSUPPORTED", `Cannot append: ${readOnly}`);
}

/** Features that a table of this protocol may use, also where its version says so without a list. */
export function writerFeatures({
  minWriterVersion,
  writerFeatures: listed,
}: ProtocolAction): readonly string[] {
  if (minWriterVersion >= 7) return listed ?? [];
  return Object.entries(featuresByVersion).flatMap(([version, features]) =>
    minWriterVersion >= Number(version) ? features : [],
  );
}

/** @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#writer-version-requirements */
const featuresByVersion: Readonly<Record<number, readonly string[]>> = {
  2: ["appendOnly", "invariants"],
  3: ["checkConstraints"],
  4: ["changeDataFeed", "generatedColumns"],
  5: ["columnMapping"],
  6: ["identityColumns"],
};

/** The least version without feature lists that has a feature; undefined for one that needs a list. */
function versionOf(feature: string): number | undefined {
  const found = Object.entries(featuresByVersion).find(([, features]) =>
    features.includes(feature),
  );
  return found && Number(found[0]);
}

/** Features that readers must know too. */
const readerFeatureNames: ReadonlySet<string> = new Set([
  "columnMapping",
  "deletionVectors",
  "timestampNtz",
  "typeWidening",
  "v2Checkpoint",
  "vacuumProtocolCheck",
]);

/** The protocol raised by no more than the feature needs; the same object where it is there already. */
export function withFeature(protocol: ProtocolAction, feature: string): ProtocolAction {
  const features = writerFeatures(protocol);
  if (features.includes(feature)) return protocol;
  const version = versionOf(feature);
  if (protocol.minWriterVersion < 7 && version !== undefined) {
    const minReaderVersion =
      feature === "columnMapping"
        ? Math.max(2, protocol.minReaderVersion)
        : protocol.minReaderVersion;
    return { minReaderVersion, minWriterVersion: Math.max(version, protocol.minWriterVersion) };
  }
  const all = [...features, feature];
  const needsReaders = protocol.minReaderVersion >= 3 || readerFeatureNames.has(feature);
  if (!needsReaders) {
    return {
      minReaderVersion: protocol.minReaderVersion,
      minWriterVersion: 7,
      writerFeatures: all,
    };
  }
  return {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: all.filter((each) => readerFeatureNames.has(each)),
    writerFeatures: all,
  };
}

function unsupported(what: string): EcapError {
  return new EcapError("ECAP_TABLE_UNSUPPORTED", `The table needs ${what}`, { received: what });
}
