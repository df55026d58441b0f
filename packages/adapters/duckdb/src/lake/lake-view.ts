import {
  type Column,
  EcapError,
  type ObjectStore,
  type TableFile,
  type TableSnapshot,
} from "@ecap/sdk";

/** What a query sees under the name of a lake table. */
export interface LakeView {
  /** A SELECT over the tenant's files, every column of the schema in its order and type. */
  readonly select: string;
  /** The same, for files that all lack some of the columns: those not `present` are NULL. */
  selectWith(present: ReadonlySet<string>): string;
  /** The files' own columns, as `DESCRIBE` lists them; undefined where there are no files. */
  readonly describe: string | undefined;
  /** The files it reads. */
  readonly files: readonly TableFile[];
}

const tenantColumn = "tenant";
const views = new WeakMap<TableSnapshot, Map<string, LakeView>>();

/** The view of one tenant's rows. Files of other tenants are not in it, so no query over it can reach them. */
export function lakeView(snapshot: TableSnapshot, objects: ObjectStore, tenant: string): LakeView {
  const known = views.get(snapshot) ?? new Map<string, LakeView>();
  views.set(snapshot, known);
  const view = known.get(tenant) ?? makeView(snapshot, objects, tenant);
  known.set(tenant, view);
  return view;
}

function makeView(snapshot: TableSnapshot, objects: ObjectStore, tenant: string): LakeView {
  const { columns, partitionBy = [] } = snapshot.schema;
  if (!columns.some((column) => column.name === tenantColumn)) {
    throw new EcapError(
      "ECAP_QUERY_INVALID",
      `Table ${snapshot.table} has no column ${tenantColumn}`,
    );
  }
  const byTenant = partitionBy.includes(tenantColumn);
  const files = byTenant
    ? snapshot.files.filter((file) => file.partition[tenantColumn] === tenant)
    : snapshot.files;
  const where = byTenant ? "" : ` WHERE ${name(tenantColumn)} = ${text(tenant)}`;
  const source = files.length === 0 ? undefined : fileSource(files, snapshot, objects);

  const selectWith = (present?: ReadonlySet<string>) => {
    const selected = columns.map((column) => {
      const constant = source?.constants.get(column.name);
      const missing = !source || (present && !present.has(column.name));
      const value = constant ?? cast(missing ? "NULL" : name(column.name), column);
      return `${value} AS ${name(column.name)}`;
    });
    return source
      ? `SELECT * FROM (SELECT ${selected.join(", ")} FROM ${source.from})${where}`
      : `SELECT ${selected.join(", ")} WHERE false`;
  };
  return {
    select: selectWith(),
    selectWith,
    describe: source && `DESCRIBE SELECT * FROM ${source.from}`,
    files,
  };
}

interface FileSource {
  readonly from: string;
  /** Partition columns that have one value in all files, as SQL; they need no look at the files. */
  readonly constants: ReadonlyMap<string, string>;
}

function fileSource(
  files: readonly TableFile[],
  { schema }: TableSnapshot,
  objects: ObjectStore,
): FileSource {
  const partitioned = schema.columns.filter((column) => schema.partitionBy?.includes(column.name));
  const stored = schema.columns.filter((column) => !partitioned.includes(column));
  const first = files[0]?.partition ?? {};
  const isFixed = ({ name: column }: Column) =>
    files.every((file) => file.partition[column] === first[column]);
  const constants = new Map(
    partitioned.filter(isFixed).map((column) => [column.name, literal(first[column.name], column)]),
  );
  const varying = partitioned.filter((column) => !isFixed(column));
  // Files known to hold every column need not be opened to find out, which is most of a query's fixed cost.
  const isWhole = ({ columns = [] }: TableFile) => {
    const held = new Set(columns);
    return stored.every((column) => held.has(column.name));
  };
  const whole = files.filter(isWhole);
  const others = files.filter((file) => !isWhole(file));
  const parts = [
    ...readGroups(whole, varying, { objects, unionByName: false }),
    ...readGroups(others, varying, { objects, unionByName: true }),
  ];
  const selects = parts.map((part) => `SELECT * FROM ${part}`);
  return {
    from: parts.length === 1 ? parts.join("") : `(${selects.join(" UNION ALL BY NAME ")})`,
    constants,
  };
}

interface ReadOptions {
  readonly objects: ObjectStore;
  readonly unionByName: boolean;
}

/** The rows of the files. Partition values come from folder names where these say the same as the log, else from the log, a group of files at a time. */
function readGroups(
  files: readonly TableFile[],
  varying: readonly Column[],
  options: ReadOptions,
): string[] {
  if (files.length === 0) return [];
  const isSaid = (file: TableFile) => {
    const path = localPath(options.objects, file.key);
    return varying.every((column) => folderSays(path, file, column.name));
  };
  if (files.every(isSaid)) {
    return [readParquet(files, varying, options)];
  }
  const groups = new Map<string, TableFile[]>();
  for (const file of files) {
    const key = JSON.stringify(varying.map((column) => file.partition[column.name]));
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()].map((group) => {
    const values = varying.map(
      (column) => `${literal(group[0]?.partition[column.name], column)} AS ${name(column.name)}`,
    );
    return `(SELECT *, ${values.join(", ")} FROM ${readParquet(group, [], options)})`;
  });
}

function readParquet(
  files: readonly TableFile[],
  folders: readonly Column[],
  { objects, unionByName }: ReadOptions,
): string {
  const paths = files.map((file) => text(localPath(objects, file.key)));
  const types = folders.map((column) => `${text(column.name)}: ${folderType(column)}`);
  const hive =
    folders.length === 0
      ? "hive_partitioning = false"
      : `hive_partitioning = true, hive_types = {${types.join(", ")}}`;
  return `read_parquet([${paths.join(", ")}], union_by_name = ${unionByName}, ${hive})`;
}

/** A type with arguments, such as a decimal's, is not taken for a folder's value; the view casts it. */
function folderType(column: Column): string {
  const type = sqlType(column);
  return type.endsWith(")") ? "VARCHAR" : type;
}

function literal(value: string | null | undefined, column: Column): string {
  return cast(value === null || value === undefined ? "NULL" : text(value), column);
}

/** Whether the file lies in one folder `column=value` as other engines name it, with a value that needs no decoding. */
function folderSays(path: string, file: TableFile, column: string): boolean {
  const value = file.partition[column] ?? "__HIVE_DEFAULT_PARTITION__";
  const folders = path.split(/[\\/]/).filter((part) => part.startsWith(`${column}=`));
  return folders.length === 1 && folders[0] === `${column}=${value}` && /^[\w.-]+$/.test(value);
}

function localPath(objects: ObjectStore, key: string): string {
  if (objects.localPath) return objects.localPath(key);
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    "duckdbQueryEngine needs an object store with files: fsObjectStore, or s3ObjectStore with a cacheDir",
  );
}

function sqlType({ type }: Column): string {
  const plain: Readonly<Record<string, string>> = {
    string: "VARCHAR",
    long: "BIGINT",
    integer: "INTEGER",
    double: "DOUBLE",
    boolean: "BOOLEAN",
    date: "DATE",
    timestamp: "TIMESTAMPTZ",
    binary: "BLOB",
    float: "FLOAT",
    short: "SMALLINT",
    byte: "TINYINT",
    timestamp_ntz: "TIMESTAMP",
  };
  if (typeof type === "object") {
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", `A column has the type ${type.type}`);
  }
  return plain[type] ?? type.toUpperCase();
}

const cast = (expression: string, column: Column) => `CAST(${expression} AS ${sqlType(column)})`;
export const name = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;
export const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
