import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { EcapError } from "@ecap/sdk";
import { lockDirectory } from "@ecap/sdk/node";
import { Kysely } from "kysely";
import { type ClosableDatabase, lazyDatabase } from "./lazy-database.ts";
import { pgliteDialect } from "./pglite-dialect.ts";
import { textTypes } from "./value-types.ts";

export interface PgliteDatabaseOptions {
  /** Where the database is kept; one process uses it at a time. Absent: in memory. */
  readonly dir?: string;
}

/** PostgreSQL in this process. It takes some 300 MB and a second to open, so it is opened with the first `open` and not before. */
export function pgliteDatabase({ dir }: PgliteDatabaseOptions = {}): ClosableDatabase {
  return lazyDatabase(async () => {
    const { PGlite } = await loadPglite();
    // PGlite lets two processes open one directory, which damages it.
    const unlock = dir === undefined ? undefined : lockDirectory(dir);
    try {
      const dataDir = dir === undefined ? undefined : join(dir, "pglite");
      if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
      const pglite = await PGlite.create({ parsers: textTypes, ...(dataDir && { dataDir }) });
      const dialect = pgliteDialect(pglite, async () => {
        try {
          await pglite.close();
        } finally {
          unlock?.();
        }
      });
      return new Kysely<unknown>({ dialect });
    } catch (error) {
      unlock?.();
      throw error;
    }
  });
}

async function loadPglite() {
  try {
    return await import("@electric-sql/pglite");
  } catch (error) {
    throw new EcapError(
      "ECAP_DEPENDENCY_NOT_INSTALLED",
      "the embedded database needs the package @electric-sql/pglite",
      { cause: error },
    );
  }
}
