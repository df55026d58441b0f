import { EcapError } from "@ecap/sdk";
import { isRecord, type JsonRecord, optional, required } from "./json-fields.ts";

/** @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions */
export interface AddAction {
  /** Key relative to the table, decoded. */
  readonly path: string;
  readonly partitionValues: Readonly<Record<string, string | null>>;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** Statistics as the JSON text the protocol keeps them in. */
  readonly stats?: string;
  readonly tags?: Readonly<Record<string, string | null>>;
}

export interface RemoveAction {
  readonly path: string;
  readonly deletionTimestamp: number;
  readonly dataChange: boolean;
}

export interface MetaDataAction {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Readonly<Record<string, string | null>>;
  readonly createdTime?: number;
}

export interface ProtocolAction {
  readonly minReaderVersion: number;
  readonly minWriterVersion: number;
  readonly readerFeatures?: readonly string[];
  readonly writerFeatures?: readonly string[];
}

export interface TxnAction {
  readonly appId: string;
  readonly version: number;
  readonly lastUpdated?: number;
}

export type Action =
  | { readonly add: AddAction }
  | { readonly remove: RemoveAction }
  | { readonly metaData: MetaDataAction }
  | { readonly protocol: ProtocolAction }
  | { readonly txn: TxnAction }
  | { readonly commitInfo: JsonRecord };

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
    case "metaData":
      return { metaData: parseMetaData(body) };
    case "protocol":
      return { protocol: parseProtocol(body) };
    case "txn":
      return { txn: parseTxn(body) };
    case "commitInfo":
      return { commitInfo: body };
    default:
      return undefined;
  }
}

/** The lines of a commit file. */
export function serializeActions(actions: readonly Action[]): Uint8Array {
  const lines = actions.map((action) => `${JSON.stringify(toJson(action))}\n`);
  return new TextEncoder().encode(lines.join(""));
}

export function parseCommit(bytes: Uint8Array): Action[] {
  const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
  return lines.flatMap((line) =>
    line.trim() === "" ? [] : (parseAction(JSON.parse(line) as unknown) ?? []),
  );
}

/** The path as the log keeps it: relative, each part URL-encoded. */
export function encodePath(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part).replaceAll("%3D", "="))
    .join("/");
}

function toJson(action: Action): unknown {
  if ("add" in action) return { add: { ...action.add, path: encodePath(action.add.path) } };
  if ("remove" in action)
    return { remove: { ...action.remove, path: encodePath(action.remove.path) } };
  if ("metaData" in action) {
    return { metaData: { ...action.metaData, format: { provider: "parquet", options: {} } } };
  }
  return action;
}

function parseAdd(body: JsonRecord): AddAction {
  if (isRecord(body["deletionVector"])) throw unsupported("deletion vectors");
  const stats = optional(body, "stats", "string");
  const tags = optional(body, "tags", "strings");
  return {
    path: decodePath(required(body, "path", "string")),
    partitionValues: optional(body, "partitionValues", "strings") ?? {},
    size: required(body, "size", "number"),
    modificationTime: optional(body, "modificationTime", "number") ?? 0,
    dataChange: optional(body, "dataChange", "boolean") ?? true,
    ...(stats === undefined ? {} : { stats }),
    ...(tags === undefined ? {} : { tags }),
  };
}

function parseRemove(body: JsonRecord): RemoveAction {
  if (isRecord(body["deletionVector"])) throw unsupported("deletion vectors");
  return {
    path: decodePath(required(body, "path", "string")),
    deletionTimestamp: optional(body, "deletionTimestamp", "number") ?? 0,
    dataChange: optional(body, "dataChange", "boolean") ?? true,
  };
}

function parseMetaData(body: JsonRecord): MetaDataAction {
  const format = body["format"];
  if (isRecord(format) && format["provider"] !== "parquet")
    throw unsupported("another file format than Parquet");
  const name = optional(body, "name", "string");
  const description = optional(body, "description", "string");
  const createdTime = optional(body, "createdTime", "number");
  return {
    id: required(body, "id", "string"),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    schemaString: required(body, "schemaString", "string"),
    partitionColumns: optional(body, "partitionColumns", "names") ?? [],
    configuration: optional(body, "configuration", "strings") ?? {},
    ...(createdTime === undefined ? {} : { createdTime }),
  };
}

function parseProtocol(body: JsonRecord): ProtocolAction {
  const readerFeatures = optional(body, "readerFeatures", "names");
  const writerFeatures = optional(body, "writerFeatures", "names");
  return {
    minReaderVersion: required(body, "minReaderVersion", "number"),
    minWriterVersion: required(body, "minWriterVersion", "number"),
    ...(readerFeatures ? { readerFeatures } : {}),
    ...(writerFeatures ? { writerFeatures } : {}),
  };
}

function parseTxn(body: JsonRecord): TxnAction {
  const lastUpdated = optional(body, "lastUpdated", "number");
  return {
    appId: required(body, "appId", "string"),
    version: required(body, "version", "number"),
    ...(lastUpdated === undefined ? {} : { lastUpdated }),
  };
}

function decodePath(path: string): string {
  if (/^[a-z][a-z0-9+.-]*:|^\//i.test(path))
    throw unsupported("data files outside the table's folder");
  return decodeURIComponent(path);
}

function unsupported(what: string): EcapError {
  return new EcapError("ECAP_TABLE_UNSUPPORTED", `The table uses ${what}`);
}
