import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface LogSize {
  readonly commits: number;
  readonly files: number;
}

const fields = [
  ["tenant", "string"],
  ["date", "date"],
  ["order_id", "string"],
  ["event_time", "timestamp"],
  ["quantity", "integer"],
  ["amount", "decimal(18,4)"],
  ["customer_id", "string"],
  ["country", "string"],
] as const;
const partitionColumns = ["tenant", "date"];

/** Writes the log of a table of order lines by day, as an append every few seconds leaves it. Opening a table reads no data file, so there are none. */
export async function writeLog(dir: string, { commits, files }: LogSize): Promise<void> {
  const folder = join(dir, "_delta_log");
  await mkdir(folder, { recursive: true });
  const perCommit = Math.ceil(files / commits);
  for (let version = 0; version < commits; version += 1) {
    const first = version * perCommit;
    const adds = Array.from({ length: Math.max(0, Math.min(perCommit, files - first)) }, (_, i) =>
      addOf(first + i),
    );
    const actions = [commitInfo(version), ...(version === 0 ? definition : []), ...adds];
    const text = actions.map((action) => `${JSON.stringify(action)}\n`).join("");
    await writeFile(join(folder, `${String(version).padStart(20, "0")}.json`), text);
  }
}

const definition = [
  { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
  {
    metaData: {
      id: "8f6c3a39-6a13-4b7e-9d64-0d4a8f4f3a11",
      format: { provider: "parquet", options: {} },
      schemaString: JSON.stringify({
        type: "struct",
        fields: fields.map(([name, type]) => ({ name, type, nullable: true, metadata: {} })),
      }),
      partitionColumns,
      configuration: {},
      createdTime: 1_767_225_600_000,
    },
  },
];

function commitInfo(version: number) {
  return {
    commitInfo: {
      timestamp: 1_767_225_600_000 + version * 1_000,
      operation: "WRITE",
      operationParameters: { mode: "Append", partitionBy: JSON.stringify(partitionColumns) },
      isBlindAppend: true,
      engineInfo: "ecap",
    },
  };
}

function addOf(at: number) {
  const date = new Date(1_735_689_600_000 + (at % 365) * 86_400_000).toISOString().slice(0, 10);
  const id = `${String(at).padStart(8, "0")}-4f1c-4e6b-9a75-1c5e3a9f0d21`;
  const bounds = (more: number) => ({
    order_id: `order-${at * 1_000 + more}`,
    event_time: `${date}T${more === 0 ? "00" : "23"}:15:00.000Z`,
    quantity: 1 + more,
    amount: 1.25 + more,
    customer_id: `customer-${more}`,
    country: more === 0 ? "DE" : "US",
  });
  const stats = {
    numRecords: 1_000,
    minValues: bounds(0),
    maxValues: bounds(999),
    nullCount: {
      order_id: 0,
      event_time: 0,
      quantity: 0,
      amount: 0,
      customer_id: at % 90,
      country: 0,
    },
  };
  return {
    add: {
      path: `tenant=acme/date=${date}/part-00000-${id}-c000.snappy.parquet`,
      partitionValues: { tenant: "acme", date },
      size: 40_000 + (at % 1_000),
      modificationTime: 1_767_225_600_000 + at,
      dataChange: true,
      stats: JSON.stringify(stats),
    },
  };
}
