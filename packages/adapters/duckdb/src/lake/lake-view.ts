import { EcapError, type ObjectStore, type TableFile, type TableSnapshot } from "@ecap/sdk";
import type { Look } from "./file-layout.ts";
import { name, text } from "./sql.ts";
import { tableSelect } from "./table-select.ts";

/** What a query sees under the name of a lake table. */
export interface LakeView {
  /** Tells it from every other view. */
  readonly key: string;
  /** The files it reads. */
  readonly files: readonly TableFile[];
  /** A SELECT over the tenant's rows, every column of the schema in its order and type. The files must be where they can be looked into. */
  select(look: Look): Promise<string>;
}

const tenantColumn = "tenant";
const views = new WeakMap<TableSnapshot, Map<string, LakeView>>();
let made = 0;

/** The view of one tenant's rows, the same for the same snapshot. Files of other tenants are not in it, so no query over it can reach them. */
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
  let known: string | undefined;
  return {
    key: `${snapshot.table} ${made++}`,
    files,
    async select(look) {
      known ??= `SELECT * FROM (${await tableSelect({ snapshot, files, objects, look })})${where}`;
      return known;
    },
  };
}
