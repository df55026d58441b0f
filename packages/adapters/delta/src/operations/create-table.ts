import { randomUUID } from "node:crypto";
import { EcapError, type TableSchema } from "@ecap/sdk";
import type { Definition } from "../files/table-fields.ts";
import { basicProtocol } from "../format/protocol.ts";
import { checkSchema, schemaToString } from "../format/schema.ts";
import { noReads } from "../table/change.ts";
import { commitInfo } from "../table/commit-info.ts";
import type { TableContext } from "../table/table-context.ts";
import { setProperties } from "./alter.ts";
import type { OperationOptions, Outcome } from "./outcome.ts";

export interface CreateOptions extends OperationOptions {
  readonly properties?: Readonly<Record<string, string>>;
}

/** Makes a table without rows; ECAP_TABLE_EXISTS where there is one. */
export async function createTable(
  table: TableContext,
  schema: TableSchema,
  options: CreateOptions,
): Promise<Outcome> {
  checkSchema(schema);
  if (await table.log.newest()) throw tableExists(table);
  const { properties = {} } = options;
  const { protocol, metaData } = setProperties(properties)(
    newDefinition(schema, table.clock.now()),
  );
  const actions = [{ protocol }, { metaData }];
  const info = options.commitInfo ? { info: options.commitInfo } : {};
  const told = { operation: "CREATE TABLE", actions, reads: noReads, ...info };
  const committed = await table.log.tryCommit(undefined, [
    commitInfo(table, undefined, told, "serializable"),
    ...actions,
  ]);
  if (!committed) throw tableExists(table);
  return { version: committed.version, metrics: {} };
}

/** The definition of a new table, which any Delta reader and writer knows. */
export function newDefinition(schema: TableSchema, now: number): Definition {
  return {
    protocol: basicProtocol,
    metaData: {
      id: randomUUID(),
      schemaString: schemaToString(schema.columns),
      partitionColumns: schema.partitionBy ?? [],
      configuration: {},
      createdTime: now,
    },
  };
}

export function tableExists({ name }: TableContext): EcapError {
  return new EcapError("ECAP_TABLE_EXISTS", `There is a table ${name} already`, { received: name });
}
