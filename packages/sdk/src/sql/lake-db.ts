import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import type { Column, ColumnType } from "../ports/table-store.ts";

/** A typed Kysely over lake tables that only compiles; {@link lakeQuery} and {@link queryLake} take what it builds to a QueryEngine. */
export function lakeDb<Tables>(): Kysely<Tables> {
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** What a query gives for a column type: see `ResultCell`. */
export type LakeCell<Type extends ColumnType> = Type extends "integer" | "long" | "double"
  ? number
  : Type extends "boolean"
    ? boolean
    : string;

/** The row type of a table whose columns are written `as const`, for `lakeDb<{ orders: LakeRow<typeof columns> }>()`. */
export type LakeRow<Columns extends readonly Column[]> = {
  [C in Columns[number] as C["name"]]: C extends { readonly nullable: false }
    ? LakeCell<C["type"]>
    : LakeCell<C["type"]> | null;
};
