import { EcapError } from "@ecap/sdk";
import type {
  Action,
  AddAction,
  CdcAction,
  MetaDataAction,
  ProtocolAction,
  RemoveAction,
} from "./actions.ts";
import { decodePath } from "./data-path.ts";
import { type DeletionVector, parseDeletionVector } from "./deletion-vector.ts";
import { isRecord, type JsonRecord, optional, optionals, required } from "./json-fields.ts";

/** The actions of a commit file, or of a checkpoint in JSON. Throws a TypeError, SyntaxError or URIError where they are not what the protocol says. */
export function parseCommit(bytes: Uint8Array): Action[] {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  return lines.flatMap((line) =>
    line.trim() === "" ? [] : (parseAction(JSON.parse(line) as unknown) ?? []),
  );
}

/** The action in one object of a commit or checkpoint; undefined for one that a reader may pass over. */
export function parseAction(value: unknown): Action | undefined {
  if (!isRecord(value)) throw new TypeError("an action is not an object");
  const [name, body] = Object.entries(value).find(([, part]) => isRecord(part)) ?? [];
  if (!isRecord(body)) return undefined;
  switch (name ?? "") {
    case "add":
      return { add: parseAdd(body) };
    case "remove":
      return { remove: parseRemove(body) };
    case "cdc":
      return { cdc: parseCdc(body) };
    case "metaData":
      return { metaData: parseMetaData(body) };
    case "protocol":
      return { protocol: parseProtocol(body) };
    case "txn": {
      const [appId, version] = [required(body, "appId", "string"), versionOf(body)];
      return { txn: { appId, version, ...optionals(body, { lastUpdated: "number" }) } };
    }
    case "domainMetadata":
      return {
        domainMetadata: {
          domain: required(body, "domain", "string"),
          configuration: optional(body, "configuration", "string") ?? "",
          removed: optional(body, "removed", "boolean") ?? false,
        },
      };
    case "commitInfo":
      return { commitInfo: body };
    case "sidecar":
      return {
        sidecar: {
          path: decodePath(required(body, "path", "string")),
          sizeInBytes: required(body, "sizeInBytes", "number"),
          modificationTime: required(body, "modificationTime", "number"),
          ...optionals(body, { tags: "strings" }),
        },
      };
    case "checkpointMetadata":
      return {
        checkpointMetadata: { version: versionOf(body), ...optionals(body, { tags: "strings" }) },
      };
    default:
      return undefined;
  }
}

function parseAdd(body: JsonRecord): AddAction {
  return {
    path: pathOf(body),
    partitionValues: optional(body, "partitionValues", "strings") ?? {},
    size: required(body, "size", "number"),
    modificationTime: optional(body, "modificationTime", "number") ?? 0,
    dataChange: optional(body, "dataChange", "boolean") ?? true,
    ...optionals(body, {
      stats: "string",
      tags: "strings",
      baseRowId: "number",
      defaultRowCommitVersion: "number",
      clusteringProvider: "string",
    }),
    ...deletionVectorOf(body),
  };
}

function parseRemove(body: JsonRecord): RemoveAction {
  return {
    path: pathOf(body),
    deletionTimestamp: optional(body, "deletionTimestamp", "number") ?? 0,
    dataChange: optional(body, "dataChange", "boolean") ?? true,
    ...optionals(body, {
      extendedFileMetadata: "boolean",
      partitionValues: "strings",
      size: "number",
      stats: "string",
      tags: "strings",
      baseRowId: "number",
      defaultRowCommitVersion: "number",
    }),
    ...deletionVectorOf(body),
  };
}

function parseCdc(body: JsonRecord): CdcAction {
  return {
    path: pathOf(body),
    partitionValues: optional(body, "partitionValues", "strings") ?? {},
    size: required(body, "size", "number"),
    dataChange: optional(body, "dataChange", "boolean") ?? false,
    ...optionals(body, { tags: "strings" }),
  };
}

function parseMetaData(body: JsonRecord): MetaDataAction {
  const format = optional(body, "format", "record");
  if (format && format["provider"] !== "parquet") {
    throw new EcapError(
      "ECAP_TABLE_UNSUPPORTED",
      "The table uses another file format than Parquet",
      { received: format["provider"] },
    );
  }
  return {
    id: required(body, "id", "string"),
    schemaString: required(body, "schemaString", "string"),
    partitionColumns: optional(body, "partitionColumns", "names") ?? [],
    configuration: optional(body, "configuration", "strings") ?? {},
    ...optionals(body, { name: "string", description: "string", createdTime: "number" }),
  };
}

function parseProtocol(body: JsonRecord): ProtocolAction {
  const protocol: ProtocolAction = {
    minReaderVersion: required(body, "minReaderVersion", "number"),
    minWriterVersion: required(body, "minWriterVersion", "number"),
    ...optionals(body, { readerFeatures: "names", writerFeatures: "names" }),
  };
  if (protocol.minReaderVersion === 3 && !protocol.readerFeatures) {
    throw new TypeError("a protocol of reader version 3 lists no readerFeatures");
  }
  return protocol;
}

function deletionVectorOf(body: JsonRecord): { readonly deletionVector?: DeletionVector } {
  const vector = optional(body, "deletionVector", "record");
  return vector ? { deletionVector: parseDeletionVector(vector) } : {};
}

function pathOf(body: JsonRecord): string {
  return decodePath(required(body, "path", "string"));
}

function versionOf(body: JsonRecord): number {
  return required(body, "version", "number");
}
