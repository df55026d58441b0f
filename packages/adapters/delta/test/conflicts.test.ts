import { describe, expect, it } from "vitest";
import type { Action, AddAction } from "../src/format/actions.ts";
import { type Conflict, findConflict, type Transaction } from "../src/log/conflicts.ts";

const add = (path: string, part = "a"): AddAction => ({
  path,
  partitionValues: { part },
  size: 1,
  modificationTime: 1,
  dataChange: true,
});
const added = (path: string, part?: string): Action => ({ add: add(path, part) });
const removed = (path: string): Action => ({
  remove: { path, deletionTimestamp: 1, dataChange: true },
});
const info = (isBlindAppend: boolean): Action => ({ commitInfo: { isBlindAppend } });
const metaData: Action = {
  metaData: { id: "1", schemaString: "{}", partitionColumns: [], configuration: {} },
};
const protocol: Action = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const txn = (appId: string): Action => ({ txn: { appId, version: 1 } });

const blindAppend: Transaction = {
  actions: [added("mine")],
  isolation: "write-serializable",
  wouldRead: () => false,
  readWholeTable: false,
  readFiles: new Set(),
  readApplications: new Set(),
};
/** Read partition a, which held the file `old`, and rewrote it. */
const update: Transaction = {
  ...blindAppend,
  actions: [removed("old"), added("mine")],
  wouldRead: (file) => file.partitionValues["part"] === "a",
  readFiles: new Set(["old"]),
};
const overwrite: Transaction = {
  ...blindAppend,
  actions: [removed("old"), added("mine")],
  wouldRead: () => true,
  readWholeTable: true,
};
const compaction: Transaction = { ...update, isolation: "snapshot" };
const alteration: Transaction = { ...blindAppend, actions: [metaData] };
const constraint: Transaction = { ...overwrite, actions: [metaData] };
const upgrade: Transaction = { ...blindAppend, actions: [protocol, metaData] };
const streaming: Transaction = { ...blindAppend, readApplications: new Set(["sink"]) };
const serializable = (transaction: Transaction): Transaction => ({
  ...transaction,
  isolation: "serializable",
});

const winners = {
  "a blind append to a": [info(true), added("new", "a")],
  "a blind append to b": [info(true), added("new", "b")],
  "a merge that adds to a": [info(false), added("new", "a")],
  "a merge that adds to b": [info(false), added("new", "b")],
  "a delete of the file read": [info(false), removed("old")],
  "a delete of another file": [info(false), removed("other")],
  "a compaction of other files in a": [info(false), removed("other"), added("packed", "a")],
  "a change of metadata": [info(false), metaData],
  "a change of protocol": [info(false), protocol],
  "an application's append": [info(true), txn("sink"), added("new", "b")],
} satisfies Record<string, Action[]>;
type Winner = keyof typeof winners;
type Kind = Conflict["kind"] | undefined;

describe("conflicts, pairwise", () => {
  const none = undefined;
  const append = "concurrent-append";
  const deleteRead = "concurrent-delete-read";
  const metadata = "metadata-changed";
  const losers: ReadonlyArray<
    readonly [string, Transaction, Readonly<Partial<Record<Winner, Kind>>>]
  > = [
    ["a blind append", blindAppend, {}],
    ["a serializable blind append", serializable(blindAppend), {}],
    [
      "an update of a",
      update,
      {
        "a merge that adds to a": append,
        "a delete of the file read": deleteRead,
        "a compaction of other files in a": append,
      },
    ],
    [
      "a serializable update of a",
      serializable(update),
      {
        "a blind append to a": append,
        "a merge that adds to a": append,
        "a delete of the file read": deleteRead,
        "a compaction of other files in a": append,
      },
    ],
    [
      "an overwrite of the table",
      overwrite,
      {
        "a merge that adds to a": append,
        "a merge that adds to b": append,
        "a delete of the file read": deleteRead,
        "a delete of another file": deleteRead,
        "a compaction of other files in a": append,
      },
    ],
    ["a compaction", compaction, { "a delete of the file read": deleteRead }],
    ["a change of columns", alteration, {}],
    [
      "a new constraint",
      constraint,
      {
        "a blind append to a": append,
        "a blind append to b": append,
        "an application's append": append,
        "a merge that adds to a": append,
        "a merge that adds to b": append,
        "a delete of the file read": deleteRead,
        "a delete of another file": deleteRead,
        "a compaction of other files in a": append,
      },
    ],
    ["a raised protocol", upgrade, { "a change of protocol": "protocol-changed" }],
    [
      "an append that looked at an application",
      streaming,
      { "an application's append": "concurrent-transaction" },
    ],
  ];
  const pairs = losers.flatMap(([loser, transaction, expected]) =>
    Object.entries(winners).map(([winner, actions]) => ({
      loser,
      winner,
      transaction,
      actions,
      kind: winner === "a change of metadata" ? metadata : (expected[winner as Winner] ?? none),
    })),
  );

  it.each(pairs)("$loser after $winner: $kind", ({ transaction, actions, kind }) => {
    expect(findConflict(transaction, actions)?.kind).toBe(kind);
  });

  it("names a file that both remove without having read it", () => {
    const blind = { ...blindAppend, actions: [removed("old")] };
    expect(findConflict(blind, winners["a delete of the file read"])).toEqual({
      kind: "concurrent-delete-delete",
      on: "old",
    });
  });
});
