import { toIpc } from "../columns/build-file.ts";
import type { ParquetCodec } from "../parquet/parquet-codec.ts";
import type { Action } from "./actions.ts";
import {
  flag,
  long,
  mapping,
  type NamedColumn,
  names,
  structColumn,
  text,
  type Values,
  whole,
} from "./checkpoint-columns.ts";
import { encodePath } from "./data-path.ts";
import type { DeletionVector } from "./deletion-vector.ts";

/** A classic (V1) checkpoint of the actions. */
export async function writeCheckpoint(
  codec: ParquetCodec,
  actions: readonly Action[],
): Promise<Uint8Array> {
  const columns = [
    structColumn(
      "txn",
      actions.map((a) => ("txn" in a ? a.txn : undefined)),
      (txn) => [
        text("appId", txn, (t) => t.appId),
        long("version", txn, (t) => t.version),
        long("lastUpdated", txn, (t) => t.lastUpdated),
      ],
    ),
    structColumn(
      "domainMetadata",
      actions.map((a) => ("domainMetadata" in a ? a.domainMetadata : undefined)),
      (domain) => [
        text("domain", domain, (t) => t.domain),
        text("configuration", domain, (t) => t.configuration),
        flag("removed", domain, (t) => t.removed),
      ],
    ),
    structColumn(
      "add",
      actions.map((a) => ("add" in a ? a.add : undefined)),
      (add) => [
        text("path", add, (t) => encodePath(t.path)),
        mapping("partitionValues", add, (t) => t.partitionValues),
        long("size", add, (t) => t.size),
        long("modificationTime", add, (t) => t.modificationTime),
        flag("dataChange", add, (t) => t.dataChange),
        text("stats", add, (t) => t.stats?.toString()),
        mapping("tags", add, (t) => t.tags),
        vector(add),
        long("baseRowId", add, (t) => t.baseRowId),
        long("defaultRowCommitVersion", add, (t) => t.defaultRowCommitVersion),
        text("clusteringProvider", add, (t) => t.clusteringProvider),
      ],
    ),
    structColumn(
      "remove",
      actions.map((a) => ("remove" in a ? a.remove : undefined)),
      (remove) => [
        text("path", remove, (t) => encodePath(t.path)),
        long("deletionTimestamp", remove, (t) => t.deletionTimestamp),
        flag("dataChange", remove, (t) => t.dataChange),
        flag("extendedFileMetadata", remove, (t) => t.extendedFileMetadata),
        mapping("partitionValues", remove, (t) => t.partitionValues),
        long("size", remove, (t) => t.size),
        vector(remove),
        long("baseRowId", remove, (t) => t.baseRowId),
        long("defaultRowCommitVersion", remove, (t) => t.defaultRowCommitVersion),
      ],
    ),
    structColumn(
      "metaData",
      actions.map((a) => ("metaData" in a ? a.metaData : undefined)),
      (meta) => [
        text("id", meta, (t) => t.id),
        text("name", meta, (t) => t.name),
        text("description", meta, (t) => t.description),
        structColumn("format", meta, (format) => [
          text("provider", format, () => "parquet"),
          mapping("options", format, () => ({})),
        ]),
        text("schemaString", meta, (t) => t.schemaString),
        names("partitionColumns", meta, (t) => t.partitionColumns),
        mapping("configuration", meta, (t) => t.configuration),
        long("createdTime", meta, (t) => t.createdTime),
      ],
    ),
    structColumn(
      "protocol",
      actions.map((a) => ("protocol" in a ? a.protocol : undefined)),
      (protocol) => [
        whole("minReaderVersion", protocol, (t) => t.minReaderVersion),
        whole("minWriterVersion", protocol, (t) => t.minWriterVersion),
        names("readerFeatures", protocol, (t) => t.readerFeatures),
        names("writerFeatures", protocol, (t) => t.writerFeatures),
      ],
    ),
  ];
  const ipc = toIpc(
    columns.map((c) => c.field),
    actions.length,
    columns.map((c) => c.data),
  );
  return codec.write(ipc, []);
}

function vector(files: Values<{ readonly deletionVector?: DeletionVector }>): NamedColumn {
  return structColumn(
    "deletionVector",
    files.map((file) => file?.deletionVector),
    (values) => [
      text("storageType", values, (t) => t.storageType),
      text("pathOrInlineDv", values, (t) => t.pathOrInlineDv),
      whole("offset", values, (t) => t.offset),
      whole("sizeInBytes", values, (t) => t.sizeInBytes),
      long("cardinality", values, (t) => t.cardinality),
    ],
  );
}
