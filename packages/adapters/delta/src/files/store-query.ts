import { randomUUID } from "node:crypto";
import type { FileEngine, FileInput, FileOutput, ObjectStore, WrittenFile } from "@ecap/sdk";
import { partitionFolder } from "../columns/partition-value.ts";
import { deleteQuietly } from "./write-files.ts";

export interface StoreQueryOptions {
  readonly engine: FileEngine;
  readonly objects: ObjectStore;
  readonly root: string;
  /** How the path of a file begins. Default: the folder of its partition, and `part-00000`. */
  readonly pathStart?: (partition: WrittenFile["partition"]) => string;
}

export interface StoredFile extends WrittenFile {
  readonly path: string;
  readonly size: number;
}

/** Stores the rows of a query as data files of the table. Where it fails no file stays. */
export async function storeQuery(
  { engine, objects, root, pathStart = inPartition }: StoreQueryOptions,
  query: { readonly sql: string; readonly inputs: readonly FileInput[] },
  output: FileOutput,
): Promise<StoredFile[]> {
  const stored: StoredFile[] = [];
  try {
    for await (const file of engine.write(query.sql, query.inputs, output)) {
      const path = `${pathStart(file.partition)}-${randomUUID()}-c000.${file.extension}`;
      const bytes = await file.bytes();
      stored.push({ ...file, path, size: bytes.length });
      await objects.put(root + path, bytes);
    }
    return stored;
  } catch (error) {
    await deleteQuietly(
      objects,
      stored.map((file) => root + file.path),
    );
    throw error;
  }
}

function inPartition(partition: WrittenFile["partition"]): string {
  return `${partitionFolder(partition)}part-00000`;
}
