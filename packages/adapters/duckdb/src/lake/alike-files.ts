import type { Column, TableFile, TableSchema } from "@ecap/sdk";
import { fileLayouts, type LaidField, type Look } from "./file-layout.ts";

/** Files whose own columns are the same. */
export interface AlikeFiles {
  readonly files: readonly TableFile[];
  readonly fields: readonly LaidField[];
}

export interface AlikeOptions {
  readonly schema: TableSchema;
  /** By the path each is opened at. */
  readonly files: ReadonlyMap<string, TableFile>;
  /** Looks into files whose columns the log does not tell. */
  readonly look: Look;
}

/** Groups files by their columns. Those known to hold every column as the schema says need not be opened to find out, which is most of a query's fixed cost. */
export async function alikeFiles({ schema, files, look }: AlikeOptions): Promise<AlikeFiles[]> {
  const stored = schema.columns.filter(
    ({ name, type }) => type !== "void" && !schema.partitionBy?.includes(name),
  );
  const whole: TableFile[] = [];
  const others = new Map<string, TableFile>();
  for (const [path, file] of files) {
    if (isWhole(file, stored)) whole.push(file);
    else others.set(path, file);
  }
  const byLayout = new Map<string, { files: TableFile[]; fields: readonly LaidField[] }>();
  for (const [file, { key, fields }] of await fileLayouts(others, look)) {
    const alike = byLayout.get(key);
    if (alike) alike.files.push(file);
    else byLayout.set(key, { files: [file], fields });
  }
  const wholes = whole.length === 0 ? [] : [{ files: whole, fields: stored.map(asWritten) }];
  return [...wholes, ...byLayout.values()];
}

/** Ids say more than names of statistics do, so where there are any the file is asked. */
function isWhole({ columns = [] }: TableFile, stored: readonly Column[]): boolean {
  const held = new Set(columns);
  return stored.every(({ name, fieldId }) => fieldId === undefined && held.has(name));
}

function asWritten({ name, physicalName = name }: Column): LaidField {
  return { name: physicalName, id: null, layout: { kind: "leaf" } };
}
