import { deltaTableReader } from "@ecap/adapter-delta";
import { fsObjectStore } from "@ecap/adapter-fs";
import type { ObjectStore, TableSnapshot } from "@ecap/sdk";
import { memoryObjectStore } from "@ecap/sdk/memory";
import { afterAll, describe, expect, it } from "vitest";
import { parseCommit } from "../../src/format/parse-actions.ts";
import { writeCheckpoint } from "../../src/format/write-checkpoint.ts";
import { parquetCodec } from "../../src/parquet/parquet-codec.ts";

const codec = parquetCodec({ threads: 1, idleMs: 1_000 });
afterAll(() => codec.close());

const protocol = { protocol: { minReaderVersion: 1, minWriterVersion: 2 } };
const metaData = {
  metaData: {
    id: "t",
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify({ type: "struct", fields: [field("id", "long")] }),
    partitionColumns: [],
    configuration: {},
  },
};
const features = (...readerFeatures: string[]) => ({
  protocol: {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures,
    writerFeatures: readerFeatures,
  },
});
const add = (path: string, more = {}) => ({
  add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true, ...more },
});
const remove = (path: string, more = {}) => ({
  remove: { path, deletionTimestamp: 1, dataChange: true, ...more },
});
const vector = (pathOrInlineDv: string) => ({
  deletionVector: { storageType: "i", pathOrInlineDv, sizeInBytes: 40, cardinality: 6 },
});
const info = (inCommitTimestamp: number) => ({ commitInfo: { timestamp: 1, inCommitTimestamp } });
const uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";

describe("the log of a table", () => {
  it("is read from its commits", async () => {
    const log = await logOf([protocol, metaData, add("a")], [add("b")], [remove("a"), add("c")]);
    expect(await paths(log)).toEqual(["b", "c"]);
    expect(await paths(log, { version: 1 })).toEqual(["a", "b"]);
  });

  it("may hold what a reader passes over", async () => {
    const log = await logOf(
      [protocol, metaData, add("a"), { domainMetadata: { domain: "x", configuration: "{}" } }],
      [{ cdc: { path: "_change_data/a", partitionValues: {}, size: 1, dataChange: false } }],
      [{ somethingNew: { path: "b" } }, { txn: { appId: "app", version: 4 } }],
    );
    await log.put("_delta_log/00000000000000000001.crc", bytes("{}"));
    await log.put(
      "_delta_log/00000000000000000000.00000000000000000002.compacted.json",
      bytes("not looked at"),
    );
    const snapshot = await snapshotOf(log);
    expect(snapshot.files).toHaveLength(1);
    expect(snapshot.transactions.get("app")).toBe(4);
  });

  it.each<[string, string]>([
    ["nothing there", '{"version":1}'],
    ["the future", '{"version":99}'],
    ["no version", '{"version":-1}'],
    ["half a version", '{"version":1.5}'],
    ["something else", "[]"],
    ["nonsense", "{broken"],
  ])("is read although the hint for checkpoints names %s", async (_, hint) => {
    const log = await logOf([protocol, metaData, add("a")], [add("b")]);
    await log.put("_delta_log/_last_checkpoint", bytes(hint));
    expect(await paths(log)).toEqual(["a", "b"]);
  });

  it("is read from an older checkpoint where the one of the hint is broken", async () => {
    const log = await checkpointed();
    await log.put(checkpoint(2), bytes("no Parquet"));
    await log.put("_delta_log/_last_checkpoint", bytes('{"version":2}'));
    await log.delete(commit(0));
    expect(await paths(log)).toEqual(["0", "1", "2", "3"]);
  });

  it("is read from a checkpoint whose commits were cleaned up, and knows older versions no more", async () => {
    const log = await checkpointed();
    for (const version of [0, 1]) await log.delete(commit(version));
    await log.delete(checkpoint(1));
    expect(await paths(log)).toEqual(["0", "1", "2", "3"]);
    await expect(snapshotOf(log, { version: 1 })).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
    });
  });

  it("may end in a checkpoint alone, but not in one newer than its last commit", async () => {
    const log = await checkpointed();
    for (const version of [1, 2, 3]) await log.delete(commit(version));
    await expect(snapshotOf(log)).rejects.toMatchObject({
      code: "ECAP_TABLE_CORRUPT",
      message: expect.stringContaining("checkpoint 2 is newer than the last commit 0"),
    });
    await log.delete(commit(0));
    expect(await paths(log)).toEqual(["0", "1", "2"]);
  });

  it("is not read from a checkpoint that lacks a part", async () => {
    const log = await logOf([protocol, metaData, add("a")], [add("b")]);
    const part = "_delta_log/00000000000000000001.checkpoint.0000000001.0000000002.parquet";
    await log.put(part, bytes("half"));
    expect(await paths(log)).toEqual(["a", "b"]);
  });

  it.each<[string, object[][]]>([
    ["a version is missing", [[protocol, metaData], [], [add("a")]]],
    ["there is no protocol", [[metaData]]],
    ["there is no metadata", [[protocol]]],
    [
      "features are not listed",
      [[metaData, { protocol: { ...protocol.protocol, minReaderVersion: 3 } }]],
    ],
    ["a size is text", [[protocol, metaData, add("a", { size: "1" })]]],
    ["a path is no URL", [[protocol, metaData, add("%zz")]]],
    [
      "a vector is of no kind",
      [[protocol, metaData, add("a", { deletionVector: { storageType: "x" } })]],
    ],
    ["the schema is no JSON", [[protocol, withSchema("{")]]],
    ["two columns have one name", [[protocol, withFields(field("a", "long"), field("A", "long"))]]],
    ["a column has no physical name", [[features("columnMapping"), mapped(field("a", "long"))]]],
  ])("is corrupt where %s", async (_, commits) => {
    const log = await logOf(...commits);
    if (commits.length > 1) await log.delete(commit(1));
    await expect(snapshotOf(log)).rejects.toMatchObject({ code: "ECAP_TABLE_CORRUPT" });
  });

  it("is corrupt where a version is past all others, without looking for those between", async () => {
    const log = await logOf([protocol, metaData]);
    await log.put(commit(Number.MAX_SAFE_INTEGER), bytes("{}"));
    await expect(snapshotOf(log)).rejects.toMatchObject({
      code: "ECAP_TABLE_CORRUPT",
      message: expect.stringContaining("version 1 is missing"),
    });
  });

  it.each<[string, object[]]>([
    ["reader version 0", [{ protocol: { ...protocol.protocol, minReaderVersion: 0 } }, metaData]],
    ["the reader feature variantType", [features("variantType"), metaData]],
    ["the reader feature catalogManaged", [features("catalogManaged"), metaData]],
    ["column mapping by magic", [features("columnMapping"), mapped(field("id", "long"), "magic")]],
    ["type variant", [protocol, withFields(field("v", "variant"))]],
    ["type interval", [protocol, withFields(field("v", { type: "interval" }))]],
    ["from long to integer", [features("typeWidening"), withFields(changed("long", "integer"))]],
    ["outside the table's folder", [protocol, metaData, add("../a")]],
    ["outside the table's folder", [protocol, metaData, add("s3://other/a")]],
    ["outside the table's folder", [protocol, metaData, add("file:///other/a")]],
    [
      "another file format",
      [protocol, { metaData: { ...metaData.metaData, format: { provider: "orc" } } }],
    ],
  ])("is unsupported where it has %s", async (what, actions) => {
    await expect(snapshotOf(await logOf(actions))).rejects.toMatchObject({
      code: "ECAP_TABLE_UNSUPPORTED",
      message: expect.stringContaining(what),
    });
  });

  it("names files in the table by absolute paths too, where the store has files", async () => {
    const objects = fsObjectStore({ dir: "/some/lake", exactNames: true });
    const log = await logOf([
      protocol,
      metaData,
      add("file:/some/lake/a%20b"),
      add("/some/lake/c"),
    ]);
    const localPath = (key: string) => objects.localPath(key);
    expect(await paths({ ...log, localPath })).toEqual(["a b", "c"]);
  });

  it("takes two spellings of an absolute path for one", async () => {
    const log = await logOf([protocol, metaData, add("/x/a%20b")], [remove("file:///x/a%20b")]);
    expect(await paths(log)).toEqual([]);
  });

  it.each(["first", "last"])("replaces a deletion vector, removed %s", async (order) => {
    const [gone, come] = [remove("a", vector("1")), add("a", vector("2"))];
    const log = await logOf(
      [features("deletionVectors"), metaData, add("a"), add("b")],
      [add("a", vector("1")), remove("a")],
      order === "first" ? [gone, come] : [come, gone],
    );
    expect(await paths(log)).toEqual(["a", "b"]);
    await log.put(commit(3), lines([remove("a", vector("2"))]));
    expect(await paths(log)).toEqual(["b"]);
  });

  it("goes by the in-commit timestamp before the writer's own", async () => {
    const log = await logOf([info(1_000), protocol, metaData, add("a")], [info(2_000), add("b")]);
    expect((await snapshotOf(log)).timestamp).toBe(2_000);
    expect(await paths(log, { at: 1_999 })).toEqual(["a"]);
    await expect(snapshotOf(log, { at: 999 })).rejects.toMatchObject({
      code: "ECAP_TABLE_NOT_FOUND",
    });
  });
});

describe("a V2 checkpoint", () => {
  const inside = [{ checkpointMetadata: { version: 1 } }, features("v2Checkpoint"), metaData];

  it("in JSON holds the files itself", async () => {
    const log = await logOf([features("v2Checkpoint"), metaData, add("a")], [add("b")]);
    await log.put(v2(1), lines([...inside, add("a"), add("b")]));
    await log.delete(commit(0));
    expect(await paths(log)).toEqual(["a", "b"]);
  });

  it("in JSON names sidecars that hold them", async () => {
    const log = await checkpointed();
    const sidecar = await log.get(checkpoint(2));
    await log.put("_delta_log/_sidecars/one.parquet", sidecar ?? new Uint8Array());
    const named = { sidecar: { path: "one.parquet", sizeInBytes: 1, modificationTime: 1 } };
    await log.put(
      v2(3),
      lines([{ checkpointMetadata: { version: 3 } }, protocol, metaData, named]),
    );
    for (const version of [1, 2]) await log.delete(checkpoint(version));
    for (const version of [0, 1, 2]) await log.delete(commit(version));
    expect(await paths(log)).toEqual(["0", "1", "2"]);
    await log.delete("_delta_log/_sidecars/one.parquet");
    await expect(snapshotOf(log)).rejects.toMatchObject({
      code: "ECAP_TABLE_CORRUPT",
      message: expect.stringContaining("_sidecars/one.parquet is gone"),
    });
  });

  it.each<[string, object[]]>([
    ["does not describe itself", inside.slice(1)],
    ["describes another", [{ checkpointMetadata: { version: 7 } }, ...inside.slice(1)]],
  ])("that %s is not believed", async (_, actions) => {
    const log = await logOf([features("v2Checkpoint"), metaData, add("a")], [add("b")]);
    await log.put(v2(1), lines(actions));
    expect(await paths(log)).toEqual(["a", "b"]);
    await log.delete(commit(0));
    await expect(snapshotOf(log)).rejects.toMatchObject({ code: "ECAP_TABLE_CORRUPT" });
  });
});

/** Commits 0 to 3 of one file each, named after its version, and checkpoints of 1 and 2. */
async function checkpointed(): Promise<ObjectStore> {
  const commits = [0, 1, 2, 3].map((version) => [
    ...(version === 0 ? [protocol, metaData] : []),
    add(`${version}`),
  ]);
  const log = await logOf(...commits);
  for (const version of [1, 2]) {
    const actions = parseCommit(lines(commits.slice(0, version + 1).flat()));
    await log.put(checkpoint(version), await writeCheckpoint(codec, actions));
  }
  return log;
}

async function logOf(...commits: ReadonlyArray<readonly object[]>): Promise<ObjectStore> {
  const log = memoryObjectStore();
  for (const [version, actions] of commits.entries())
    await log.put(commit(version), lines(actions));
  return log;
}

function lines(actions: readonly object[]): Uint8Array {
  return bytes(actions.map((action) => JSON.stringify(action)).join("\n"));
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function snapshotOf(
  objects: ObjectStore,
  when: { readonly version?: number; readonly at?: number } = {},
): Promise<TableSnapshot> {
  const table = deltaTableReader({ objects, name: "t" });
  try {
    return await table.snapshot(when);
  } finally {
    await table.close();
  }
}

async function paths(
  objects: ObjectStore,
  when: { readonly version?: number; readonly at?: number } = {},
): Promise<string[]> {
  return (await snapshotOf(objects, when)).files.map(({ key }) => key).toSorted();
}

function field(name: string, type: unknown, metadata = {}): object {
  return { name, type, nullable: true, metadata };
}

function changed(fromType: string, toType: string): object {
  return field("n", toType, { "delta.typeChanges": [{ fromType, toType }] });
}

function withSchema(schemaString: string, configuration = {}): object {
  return { metaData: { ...metaData.metaData, schemaString, configuration } };
}

function withFields(...fields: object[]): object {
  return withSchema(JSON.stringify({ type: "struct", fields }));
}

function mapped(of: object, mode = "name"): object {
  const schema = JSON.stringify({ type: "struct", fields: [of] });
  return withSchema(schema, { "delta.columnMapping.mode": mode });
}

const name = (version: number) => `_delta_log/${String(version).padStart(20, "0")}`;
const commit = (version: number) => `${name(version)}.json`;
const checkpoint = (version: number) => `${name(version)}.checkpoint.parquet`;
const v2 = (version: number) => `${name(version)}.checkpoint.${uuid}.json`;
