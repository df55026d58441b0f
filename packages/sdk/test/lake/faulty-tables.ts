import { EcapError } from "../../src/errors/index.ts";
import type { AppendOptions, Row, TableStore } from "../../src/ports/index.ts";

/** What becomes of an append: it works; it fails; it is done and its answer lost; or the machine stops before or after it. */
export type Fate = "fine" | "fails" | "answer lost" | "stops before" | "stops after";

export interface FaultyTables {
  /** A handle as one process has it; after a stop it answers nothing any more. */
  readonly open: () => TableStore;
  readonly rows: (table: string) => readonly Row[];
  readonly rowsAt: (table: string, version: number) => readonly Row[];
  /** Rows of each append, by table. */
  readonly appends: ReadonlyArray<{ readonly table: string; readonly rows: number }>;
}

interface Table {
  readonly rows: Row[];
  readonly transactions: Map<string, number>;
  /** Rows at each version. */
  readonly counts: number[];
  version: number;
}

/** Tables in memory that keep the port's promises about transactions, and fail as they are told. */
export function faultyTables(nextFate: () => Fate = () => "fine"): FaultyTables {
  const tables = new Map<string, Table>();
  const appends: Array<{ readonly table: string; readonly rows: number }> = [];
  const tableOf = (name: string): Table => tables.get(name) ?? notFound(name);

  function append(name: string, rows: readonly Row[], { transactions = [] }: AppendOptions) {
    const table = tableOf(name);
    const isOld = transactions.every(
      ({ appId, version }) => (table.transactions.get(appId) ?? -1) >= version,
    );
    if (rows.length === 0 || (transactions.length > 0 && isOld)) return undefined;
    for (const { appId, expected } of transactions) {
      if (expected === undefined || expected === (table.transactions.get(appId) ?? 0)) continue;
      throw new EcapError("ECAP_FENCED", `${appId} is not at ${expected}`);
    }
    table.rows.push(...rows);
    for (const { appId, version } of transactions) table.transactions.set(appId, version);
    appends.push({ table: name, rows: rows.length });
    table.version += 1;
    table.counts.push(table.rows.length);
    return table.version;
  }

  return {
    appends,
    rows: (table) => tables.get(table)?.rows ?? [],
    rowsAt: (name, version) => tableOf(name).rows.slice(0, tableOf(name).counts[version]),
    open() {
      let stopped = false;
      const check = (): void => {
        if (stopped) throw new Error("the machine stopped");
      };
      return {
        async ensure(name) {
          check();
          if (!tables.has(name))
            tables.set(name, { rows: [], transactions: new Map(), counts: [0], version: 0 });
        },
        async append(name, rows, options = {}) {
          check();
          const fate = nextFate();
          stopped = fate.startsWith("stops");
          if (fate === "fails") throw new EcapError("ECAP_STORAGE_FULL", "no space");
          if (fate === "stops before") check();
          const version = append(name, rows, options);
          if (fate === "answer lost") throw new Error("the connection was lost");
          check();
          return version;
        },
        async snapshot(name) {
          check();
          const { version, transactions } = tableOf(name);
          return {
            table: name,
            version,
            timestamp: 0,
            schema: { columns: [] },
            files: [],
            transactions: new Map(transactions),
          };
        },
        history: async () => [],
        tables: async () => [...tables.keys()],
      };
    },
  };
}

function notFound(name: string): never {
  throw new EcapError("ECAP_TABLE_NOT_FOUND", `there is no table "${name}"`);
}
