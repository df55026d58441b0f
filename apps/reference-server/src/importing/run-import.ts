import type { Receipt } from "@ecap/sdk/collector";
import type { Api } from "../commands/api.ts";
import { createLineGrouper, type ImportedEvent } from "./group-lines.ts";
import { createLineReader } from "./line-reader.ts";
import type { Mapping } from "./mapping.ts";
import { readRows } from "./read-rows.ts";

export interface ImportReport {
  /** Lines of the file by what they became; they sum to `total`. */
  readonly lines: {
    readonly total: number;
    readonly byKind: Readonly<Record<string, number>>;
    readonly unreadable: number;
    readonly droppedDuplicates: number;
  };
  /** Events by what became of them. */
  readonly events: {
    readonly accepted: number;
    readonly duplicate: number;
    readonly quarantined: number;
  };
  /** The first few lines and events that were not taken, and why. */
  readonly problems: readonly string[];
  readonly seconds: number;
}

export interface ImportProgress {
  readonly lines: number;
  readonly share: number;
}

const batchEvents = 500;
const maxBatchLines = 10_000;
const shownProblems = 20;

/** Brings a file in through the API: reads, groups, sends in batches and waits until all of it can be queried. */
export async function runImport(
  api: Api,
  file: string,
  mapping: Mapping,
  onProgress: (progress: ImportProgress) => void,
): Promise<ImportReport> {
  const begun = performance.now();
  const reader = await readRows(file, mapping.format);
  const readLine = createLineReader(mapping, reader.columns);
  const grouper = createLineGrouper(mapping);
  const byKind: Record<string, number> = {};
  const events = { accepted: 0, duplicate: 0, quarantined: 0 };
  const problems: string[] = [];
  let lines = 0;
  let unreadable = 0;
  let batch: ImportedEvent[] = [];
  let batchLines = 0;
  /** One batch is under way while the next is read. */
  let sending: Promise<void> = Promise.resolve();
  const path = `/v1/imports/${mapping.name}`;

  function note(problem: string): void {
    if (problems.length < shownProblems) problems.push(problem);
  }

  async function send(given: readonly ImportedEvent[]): Promise<void> {
    const { receipts } = await api.call<{ receipts: readonly Receipt[] }>(
      "POST",
      `${path}/events`,
      new TextEncoder().encode(JSON.stringify(given)),
    );
    for (const receipt of receipts) {
      events[receipt.status] += 1;
      if (receipt.status === "quarantined")
        note(
          `event ${receipt.id ?? ""}: ${receipt.code ?? ""} ${receipt.path ?? ""} ${receipt.message ?? ""}`,
        );
    }
  }

  async function flush(): Promise<void> {
    if (batch.length === 0) return;
    const given = batch;
    batch = [];
    batchLines = 0;
    await sending;
    sending = send(given);
    // A failure shows at the next wait; until then it must not count as unhandled.
    sending.catch(() => {});
  }

  async function add(found: readonly ImportedEvent[]): Promise<void> {
    for (const event of found) {
      batch.push(event);
      batchLines += Array.isArray(event.data["products"]) ? event.data["products"].length : 1;
      if (batch.length >= batchEvents || batchLines >= maxBatchLines) await flush();
    }
  }

  await api.call("POST", `${path}/begin`);
  for await (const rows of reader.batches) {
    for (const row of rows) {
      lines += 1;
      const line = readLine(row);
      if ("problem" in line) {
        unreadable += 1;
        note(`line ${lines + 1}: ${line.problem}`);
        continue;
      }
      byKind[line.kind] = (byKind[line.kind] ?? 0) + 1;
      const found = grouper.take(line, lines);
      if (found.length > 0) await add(found);
    }
    onProgress({ lines, share: reader.progress() });
  }
  await add(grouper.end());
  await flush();
  await sending;
  await api.call("POST", `${path}/end`);
  return {
    lines: { total: lines, byKind, unreadable, droppedDuplicates: grouper.dropped },
    events,
    problems,
    seconds: (performance.now() - begun) / 1000,
  };
}
