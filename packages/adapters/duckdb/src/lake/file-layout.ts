import { EcapError, type TableFile } from "@ecap/sdk";
import { text } from "./sql.ts";

/** What a data file holds, as DuckDB shows it: nested values by their parts, all others as leaves. */
export type Layout =
  | { readonly kind: "leaf" }
  | { readonly kind: "struct"; readonly fields: readonly LaidField[] }
  | { readonly kind: "list"; readonly element: Layout }
  | { readonly kind: "map"; readonly key: Layout; readonly value: Layout };

export interface LaidField {
  readonly name: string;
  readonly id: number | null;
  readonly layout: Layout;
}

export interface FileLayout {
  /** Equal for files that can be read as one. */
  readonly key: string;
  readonly fields: readonly LaidField[];
}

/** Rows that a statement gives. */
export type Look = (sql: string) => Promise<ReadonlyArray<readonly unknown[]>>;

/** Files never change, so each is looked into once. */
const known = new WeakMap<TableFile, FileLayout>();

/** The layout of each file, given by its path. Those not known yet are looked into at once. */
export async function fileLayouts(
  files: ReadonlyMap<string, TableFile>,
  look: Look,
): Promise<ReadonlyMap<TableFile, FileLayout>> {
  const unknown = [...files].filter(([, file]) => !known.has(file)).map(([path]) => path);
  const schemas = unknown.length === 0 ? [] : await look(schemasOf(unknown));
  for (const [paths, schema] of schemas) {
    const layout = { key: String(schema), fields: parseLayout(String(schema)) };
    for (const path of JSON.parse(String(paths)) as readonly string[]) {
      const file = files.get(path);
      if (file) known.set(file, layout);
    }
  }
  return new Map([...files].map(([path, file]) => [file, layoutOf(path, file)]));
}

function layoutOf(path: string, file: TableFile): FileLayout {
  const layout = known.get(file);
  if (layout) return layout;
  throw new EcapError("ECAP_STORAGE_CORRUPT", `DuckDB tells nothing about ${path}`, { path });
}

/** One row for all files of one schema. */
function schemasOf(paths: readonly string[]): string {
  const node = `{name: name, id: field_id, children: num_children, repetition: repetition_type, kind: coalesce(converted_type, logical_type), type: duckdb_type}`;
  return `SELECT to_json(list(file_name)), schema FROM (
    SELECT file_name, to_json(list(${node} ORDER BY column_id)) AS schema
    FROM parquet_schema([${paths.map(text).join(", ")}]) GROUP BY file_name
  ) GROUP BY schema`;
}

/** A node of a Parquet schema, in the order of a walk through the tree. */
interface SchemaNode {
  readonly name: string;
  readonly id: number | null;
  readonly children: number | null;
  readonly repetition: string | null;
  readonly kind: string | null;
}

function parseLayout(schema: string): readonly LaidField[] {
  const nodes = (JSON.parse(schema) as readonly SchemaNode[]).values();
  const take = (count: number): LaidField[] =>
    Array.from({ length: count }, () => {
      const node = nodes.next().value;
      if (!node) throw new TypeError("a Parquet schema ends too early");
      return { name: node.name, id: node.id, layout: nodeLayout(node, take(node.children ?? 0)) };
    });
  return take(nodes.next().value?.children ?? 0);
}

/** As DuckDB reads groups: those around the elements of a list or the entries of a map are no values themselves. */
function nodeLayout(node: SchemaNode, children: readonly LaidField[]): Layout {
  const [first, second] = children;
  if (!first) return repeated(node, { kind: "leaf" });
  if (isAs(node, "MAP")) {
    const entries = first.layout.kind === "list" ? first.layout.element : first.layout;
    const [key, value] = entries.kind === "struct" ? entries.fields : [];
    if (key && value) return { kind: "map", key: key.layout, value: value.layout };
  }
  const isWrapper = !second && (isAs(node, "LIST") || node.repetition === "REPEATED");
  return repeated(node, isWrapper ? first.layout : { kind: "struct", fields: children });
}

function repeated(node: SchemaNode, layout: Layout): Layout {
  return node.repetition === "REPEATED" ? { kind: "list", element: layout } : layout;
}

function isAs(node: SchemaNode, kind: "LIST" | "MAP"): boolean {
  return node.kind === kind || node.kind?.toUpperCase() === `${kind}TYPE()`;
}
