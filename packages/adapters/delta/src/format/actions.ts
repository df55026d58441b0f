import type { DeletionVector } from "./deletion-vector.ts";
import type { JsonRecord } from "./json-fields.ts";
import type { StoredText } from "./stored-text.ts";

type Strings = Readonly<Record<string, string | null>>;

/** @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#add-file-and-remove-file */
export interface AddAction {
  /** Decoded: a key relative to the table, or an absolute path, see `isAbsolute`. */
  readonly path: string;
  readonly partitionValues: Strings;
  readonly size: number;
  readonly modificationTime: number;
  readonly dataChange: boolean;
  /** Statistics as the JSON text the protocol keeps them in. */
  readonly stats?: StoredText;
  readonly tags?: Strings;
  readonly deletionVector?: DeletionVector;
  /** Row id of the file's first row, where rows are tracked. */
  readonly baseRowId?: number;
  readonly defaultRowCommitVersion?: number;
  readonly clusteringProvider?: string;
}

export interface RemoveAction {
  readonly path: string;
  readonly deletionTimestamp: number;
  readonly dataChange: boolean;
  /** Says that partition values and size are there. */
  readonly extendedFileMetadata?: boolean;
  readonly partitionValues?: Strings;
  readonly size?: number;
  readonly stats?: StoredText;
  readonly tags?: Strings;
  readonly deletionVector?: DeletionVector;
  readonly baseRowId?: number;
  readonly defaultRowCommitVersion?: number;
}

/** A file of changed rows, for those who read changes. */
export interface CdcAction {
  readonly path: string;
  readonly partitionValues: Strings;
  readonly size: number;
  readonly dataChange: boolean;
  readonly tags?: Strings;
}

export interface MetaDataAction {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly schemaString: string;
  readonly partitionColumns: readonly string[];
  readonly configuration: Strings;
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

export interface DomainMetadataAction {
  readonly domain: string;
  readonly configuration: string;
  readonly removed: boolean;
}

/** Only in V2 checkpoints: a file of the checkpoint's file actions. */
export interface SidecarAction {
  /** Name of a file in `_delta_log/_sidecars`, decoded. */
  readonly path: string;
  readonly sizeInBytes: number;
  readonly modificationTime: number;
  readonly tags?: Strings;
}

/** Only in V2 checkpoints, each of which has one. */
export interface CheckpointMetadataAction {
  readonly version: number;
  readonly tags?: Strings;
}

/** @see https://github.com/delta-io/delta/blob/master/PROTOCOL.md#actions */
export type Action =
  | { readonly add: AddAction }
  | { readonly remove: RemoveAction }
  | { readonly cdc: CdcAction }
  | { readonly metaData: MetaDataAction }
  | { readonly protocol: ProtocolAction }
  | { readonly txn: TxnAction }
  | { readonly domainMetadata: DomainMetadataAction }
  | { readonly commitInfo: JsonRecord }
  | { readonly sidecar: SidecarAction }
  | { readonly checkpointMetadata: CheckpointMetadataAction };
