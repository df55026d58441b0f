import type { PluginContext, Ports } from "@ecap/sdk";
import type { Kysely } from "kysely";
import type { CaseContext } from "./case-context.ts";
import { type CaseTables, caseMigrations } from "./case-tables.ts";

/** What cases work with; undefined where the platform has no database. */
export function createCases(
  ctx: PluginContext<Pick<Ports, "stateStore">>,
  given: Pick<CaseContext, "options" | "desk" | "audit">,
): CaseContext | undefined {
  if (!ctx.has("database")) return undefined;
  let tables: Promise<Kysely<CaseTables>> | undefined;
  return {
    ...given,
    clock: ctx.clock,
    emit: (event) => ctx.emit(event),
    engine: () => (ctx.has("queryEngine") ? ctx.port("queryEngine") : undefined),
    objects: () => ctx.port("objectStore"),
    open() {
      tables ??= ctx
        .port("database")
        .open<CaseTables>("fraud", caseMigrations)
        .catch((error: unknown) => {
          tables = undefined;
          throw error;
        });
      return tables;
    },
  };
}
