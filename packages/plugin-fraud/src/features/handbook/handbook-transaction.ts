import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createGunzip } from "node:zlib";
import { EcapError } from "@ecap/sdk";

/** A row of the Fraud Detection Handbook's card transactions. @see https://fraud-detection-handbook.github.io/fraud-detection-handbook */
export interface HandbookTransaction {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly customerId: string;
  readonly terminalId: string;
  readonly amount: number;
  readonly fraud: 0 | 1;
}

const header =
  "TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_TIME_SECONDS,TX_TIME_DAYS,TX_FRAUD,TX_FRAUD_SCENARIO";
const firstDay = Date.UTC(2018, 3, 1);

/** The transactions of the folder's monthly files (`transactions_2018-04.csv.gz` and so on) in order, from the month of `from` to the instant `to`, exclusive. */
export async function* readHandbook(
  folder: string,
  { from = -Infinity, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): AsyncGenerator<HandbookTransaction> {
  const files = (await readdir(folder)).filter((name) =>
    /^transactions_\d{4}-\d{2}\.csv\.gz$/.test(name),
  );
  if (files.length === 0)
    throw new EcapError("ECAP_REQUEST_INVALID", "the folder has no transactions_<month>.csv.gz", {
      received: folder,
    });
  for (const file of files.toSorted()) {
    const month = file.slice(13, 20);
    const [year = 0, number = 0] = month.split("-").map(Number);
    if (Date.UTC(year, number) <= from || Date.UTC(year, number - 1) >= to) continue;
    for await (const rows of rowsOf(join(folder, file))) {
      for (const row of rows) {
        if (row.time >= to) return;
        yield row;
      }
    }
  }
}

/** The rows of one file, some thousands at a time. */
async function* rowsOf(path: string): AsyncGenerator<readonly HandbookTransaction[]> {
  const text = createReadStream(path).pipe(createGunzip());
  text.setEncoding("utf8");
  let rest = "";
  let isFirst = true;
  for await (const chunk of text as AsyncIterable<string>) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    if (isFirst && lines.length > 0) {
      isFirst = false;
      if (lines.shift()?.trim() !== header) throw notTheHandbook(path);
    }
    yield lines.map((line) => toTransaction(line, path));
  }
  if (rest.trim() !== "") yield [toTransaction(rest, path)];
}

function toTransaction(line: string, path: string): HandbookTransaction {
  const [id, , customer, terminal, amount, seconds, , fraud] = line.split(",");
  const time = firstDay + Number(seconds) * 1_000;
  if (id === undefined || customer === undefined || terminal === undefined || Number.isNaN(time))
    throw notTheHandbook(path);
  return {
    id,
    time,
    customerId: customer,
    terminalId: terminal,
    amount: Number(amount),
    fraud: fraud === "1" ? 1 : 0,
  };
}

function notTheHandbook(path: string): EcapError {
  return new EcapError("ECAP_REQUEST_INVALID", "not a file of the handbook's transactions", {
    received: path,
  });
}
