import { deltaTableStore } from "@ecap/adapter-delta";
import type { ObjectStore, TableSchema } from "@ecap/sdk";
import { memoryObjectStore } from "@ecap/sdk/memory";
import { afterEach, describe, expect, it } from "vitest";

const schema: TableSchema = {
  columns: [
    { name: "tenant", type: "string" },
    { name: "id", type: "string" },
  ],
  partitionBy: ["tenant"],
};
const rows = (...ids: string[]) => ids.map((id) => ({ tenant: "acme", id }));

describe("deltaTableStore", () => {
  const opened: Array<{ close(): Promise<void> }> = [];
  const open = (objects: ObjectStore) => {
    const store = deltaTableStore({ objects });
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  it("looks at an unchanged table with one listing and no reads", async () => {
    const { objects, calls } = counting(memoryObjectStore());
    const store = open(objects);
    await store.ensure("t", schema);
    await store.append("t", rows("1"));
    const first = await store.snapshot("t");
    calls.clear();
    expect(await store.snapshot("t")).toBe(first);
    expect(Object.fromEntries(calls)).toEqual({ list: 1 });
  });

  it("follows another writer by reading only the new commits", async () => {
    const memory = memoryObjectStore();
    const { objects, calls } = counting(memory);
    const [reader, writer] = [open(objects), open(memory)];
    await writer.ensure("t", schema);
    for (let i = 0; i < 5; i++) await writer.append("t", rows(`${i}`));
    await reader.snapshot("t");
    await writer.append("t", rows("a"));
    await writer.append("t", rows("b"));
    calls.clear();
    expect((await reader.snapshot("t")).files).toHaveLength(7);
    expect(Object.fromEntries(calls)).toEqual({ list: 1, get: 2 });
  });

  it("starts from the newest checkpoint", async () => {
    const memory = memoryObjectStore();
    const writer = open(memory);
    await writer.ensure("t", schema);
    for (let i = 1; i <= 23; i++) {
      await writer.append("t", rows(`${i}`), { transactions: [{ appId: "sink", version: i }] });
    }
    const { objects, keys } = counting(memory);
    const snapshot = await open(objects).snapshot("t");
    expect(snapshot.files).toHaveLength(23);
    expect(snapshot.transactions.get("sink")).toBe(23);
    expect(keys.filter((key) => key.endsWith(".parquet"))).toEqual([
      `${padded(20)}.checkpoint.parquet`,
    ]);
    expect(keys).not.toContain(`${padded(19)}.json`);
  });

  it("lets appends of many writers all succeed, and repeats once", async () => {
    const memory = memoryObjectStore();
    const writers = [open(memory), open(memory), open(memory)];
    await Promise.all(writers.map((writer) => writer.ensure("t", schema)));
    const results = await Promise.all(
      writers.flatMap((writer) =>
        Array.from({ length: 12 }, (_, i) =>
          writer.append("t", rows(`${i}`), { transactions: [{ appId: `part ${i}`, version: 1 }] }),
        ),
      ),
    );
    const versions = results.filter((version) => version !== undefined);
    expect(versions).toHaveLength(12);
    expect(new Set(versions).size).toBe(12);
    expect((await open(memory).snapshot("t")).files).toHaveLength(12);
    expect(await keysOf(memory, "t/tenant=acme/")).toHaveLength(12);
  });

  it("keeps appending while another writer adds a column, and refuses when it changes the table", async () => {
    const memory = memoryObjectStore();
    const [a, b] = [open(memory), open(memory)];
    await a.ensure("t", schema);
    await a.append("t", rows("1"));
    const wider = [...schema.columns, { name: "channel", type: "string" } as const];
    await b.ensure("t", { ...schema, columns: wider });
    await a.append("t", [{ tenant: "acme", id: "2", channel: "web" }]);
    expect((await b.snapshot("t")).schema.columns).toHaveLength(3);
    const other = { ...schema, partitionBy: ["id"] };
    await expect(b.ensure("t", other)).rejects.toMatchObject({ code: "ECAP_TABLE_SCHEMA" });
  });

  it("leaves no version behind when writing a data file fails", async () => {
    const memory = memoryObjectStore();
    const store = open({
      ...memory,
      put: async (key, bytes) => {
        if (key.includes("tenant=b")) throw new Error("disk on fire");
        await memory.put(key, bytes);
      },
    });
    await store.ensure("t", schema);
    const two = [...rows("1"), { tenant: "b", id: "2" }];
    await expect(store.append("t", two)).rejects.toThrow("disk on fire");
    expect((await store.snapshot("t")).version).toBe(0);
    expect(await keysOf(memory, "t/tenant=")).toEqual([]);
    await store.append("t", rows("1"));
    expect((await store.snapshot("t")).files).toHaveLength(1);
  });

  it("commits although a checkpoint cannot be written", async () => {
    const memory = memoryObjectStore();
    const store = open({
      ...memory,
      put: async (key, bytes) => {
        if (key.includes("checkpoint")) throw new Error("no");
        await memory.put(key, bytes);
      },
    });
    await store.ensure("t", schema);
    for (let i = 1; i <= 11; i++) expect(await store.append("t", rows(`${i}`))).toBe(i);
  });

  it("recovers from a broken checkpoint hint and a broken checkpoint while the commits are there", async () => {
    const memory = memoryObjectStore();
    const writer = open(memory);
    await writer.ensure("t", schema);
    for (let i = 1; i <= 21; i++) await writer.append("t", rows(`${i}`));
    const log = "t/_delta_log/";
    await memory.put(`${log}_last_checkpoint`, new TextEncoder().encode("{broken"));
    await memory.put(
      `${log}${"20".padStart(20, "0")}.checkpoint.parquet`,
      new Uint8Array([1, 2, 3]),
    );
    expect((await open(memory).snapshot("t")).files).toHaveLength(21);
  });

  it.each<[string, (memory: ObjectStore) => Promise<void>]>([
    ["a commit that is missing", (memory) => memory.delete(commit(2))],
    [
      "a commit cut off in the middle",
      (memory) => memory.put(commit(2), text('{"add":{"path":"x"')),
    ],
    ["a commit of other things", (memory) => memory.put(commit(2), text('{"add":{"path":7}}'))],
    [
      "a first commit without metadata",
      (memory) => memory.put(commit(0), text('{"commitInfo":{}}')),
    ],
  ])("says that the log is broken by %s", async (_, damage) => {
    const memory = memoryObjectStore();
    const writer = open(memory);
    await writer.ensure("t", schema);
    for (let i = 1; i <= 3; i++) await writer.append("t", rows(`${i}`));
    await damage(memory);
    await expect(open(memory).snapshot("t")).rejects.toMatchObject({ code: "ECAP_TABLE_CORRUPT" });
  });

  it.each<[string, string]>([
    [
      "a reader feature",
      '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["fancy"],"writerFeatures":["fancy"]}}',
    ],
    ["a newer reader", '{"protocol":{"minReaderVersion":4,"minWriterVersion":7}}'],
  ])("refuses %s it does not know, also when it comes later", async (_, line) => {
    const memory = memoryObjectStore();
    const store = open(memory);
    await store.ensure("t", schema);
    await store.snapshot("t");
    await memory.put(commit(1), text(line));
    const refused = { code: "ECAP_TABLE_UNSUPPORTED" };
    await expect(store.snapshot("t")).rejects.toMatchObject(refused);
    await expect(store.append("t", rows("1"))).rejects.toMatchObject(refused);
  });

  it("refuses to append where a writer feature asks for more, and still reads", async () => {
    const memory = memoryObjectStore();
    const store = open(memory);
    await store.ensure("t", schema);
    await memory.put(
      commit(1),
      text(
        '{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}}',
      ),
    );
    await expect(store.append("t", rows("1"))).rejects.toMatchObject({
      code: "ECAP_TABLE_UNSUPPORTED",
    });
    expect((await store.snapshot("t")).version).toBe(1);
  });

  it.each(["", "..", "a/b", "_delta log", "ü", "a b"])(
    "refuses the table name %j",
    async (name) => {
      await expect(open(memoryObjectStore()).ensure(name, schema)).rejects.toMatchObject({
        code: "ECAP_TABLE_SCHEMA",
      });
    },
  );
});

const commit = (version: number) => `t/_delta_log/${String(version).padStart(20, "0")}.json`;
const text = (value: string) => new TextEncoder().encode(value);

async function keysOf(store: ObjectStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** The store, with its reading calls counted by name and the keys it was asked for. */
function counting(store: ObjectStore) {
  const calls = new Map<string, number>();
  const keys: string[] = [];
  const count = (name: string) => calls.set(name, (calls.get(name) ?? 0) + 1);
  const objects: ObjectStore = {
    ...store,
    get: (key, range) => {
      count("get");
      keys.push(key);
      return store.get(key, range);
    },
    list: (prefix, options) => {
      count("list");
      return store.list(prefix, options);
    },
  };
  return { objects, calls, keys };
}

const padded = (v: number) => `t/_delta_log/${String(v).padStart(20, "0")}`;
