import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareObjectKeys } from "../ports/object-key.ts";
import type { ObjectInfo, ObjectStore } from "../ports/object-store.ts";

export interface ObjectStoreFixture {
  readonly store: ObjectStore;
  close?(): Promise<void>;
}

const oddPart = fc
  .oneof(
    fc.constantFrom(
      "tenant=acme",
      "date=2026-01-01",
      "a b",
      "%2F",
      "é",
      "日本",
      "😀",
      "x\\y",
      "!21",
    ),
    fc.constantFrom("Ａ", "con", "a:b", "..a", ".hidden", "~", "\t", "*", "a'b\"", "$(x)", "-"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
  )
  .filter((part) => part !== "." && part !== ".." && !part.includes("/"))
  .filter((part) => !/\p{Surrogate}/u.test(part));

/** Every part of a key but the last begins with "d", the last with "f": no key is a folder of another. */
const oddKey = fc
  .tuple(fc.array(oddPart, { maxLength: 2 }), oddPart)
  .map(([folders, name]) => [...folders.map((part) => `d${part}`), `f${name}`].join("/"));

/** What every ObjectStore promises. `make` gives an empty store, once for the whole suite. */
export function objectStoreContract(name: string, make: () => Promise<ObjectStoreFixture>): void {
  describe(`ObjectStore contract: ${name}`, () => {
    let fixture: ObjectStoreFixture;
    let store: ObjectStore;
    beforeAll(async () => {
      fixture = await make();
      store = fixture.store;
    });
    afterAll(async () => fixture.close?.());

    it("gives back what was put, whole and by range", async () => {
      await store.put("get/a", text("hello world"));
      expect(await read(store, "get/a")).toBe("hello world");
      const range = async (start: number, end: number) =>
        Buffer.from((await store.get("get/a", { start, end })) ?? "absent").toString();
      expect(await range(6, 11)).toBe("world");
      expect(await range(6, 900)).toBe("world");
      expect(await range(50, 60)).toBe("");
    });

    it("gives undefined for a key that does not exist, also beside a longer one", async () => {
      await store.put("absent/folder/file", text("x"));
      expect(await store.get("absent/nothing")).toBeUndefined();
      expect(await store.get("absent/folder")).toBeUndefined();
      expect(await store.get("absent/folder/file/below")).toBeUndefined();
    });

    it("replaces on put and keeps its own copy of the bytes", async () => {
      const bytes = text("one");
      await store.put("replace/a", bytes);
      bytes.fill(0);
      expect(await read(store, "replace/a")).toBe("one");
      await store.put("replace/a", text("two"));
      expect(await read(store, "replace/a")).toBe("two");
    });

    it("stores empty and large objects", async () => {
      const large = new Uint8Array(3_000_000).map((_, i) => i % 251);
      await store.put("size/empty", new Uint8Array());
      await store.put("size/large", large);
      expect((await store.get("size/empty"))?.length).toBe(0);
      expect(Buffer.compare(Buffer.from((await store.get("size/large")) ?? []), large)).toBe(0);
    });

    it("putIfAbsent changes nothing where the key exists", async () => {
      expect(await store.putIfAbsent("once/a", text("first"))).toBe(true);
      expect(await store.putIfAbsent("once/a", text("second"))).toBe(false);
      expect(await read(store, "once/a")).toBe("first");
      await store.delete("once/a");
      expect(await store.putIfAbsent("once/a", text("third"))).toBe(true);
    });

    it("lets exactly one of racing putIfAbsent calls win, and readers see its whole object", async () => {
      for (let round = 0; round < 10; round++) {
        const key = `race/${round}`;
        const racers = Array.from({ length: 12 }, (_, i) =>
          store.putIfAbsent(key, text(`racer ${i}`.padEnd(5_000, "."))),
        );
        const wins = (await Promise.all(racers)).flatMap((won, i) => (won ? [i] : []));
        expect(wins).toHaveLength(1);
        expect(await read(store, key)).toBe(`racer ${wins[0]}`.padEnd(5_000, "."));
      }
    });

    it("shows a whole object to readers while it is replaced", async () => {
      const versions = ["a", "b", "c"].map((letter) => letter.repeat(200_000));
      await store.put("whole/a", text("a".repeat(200_000)));
      const writes = versions.map((version) => store.put("whole/a", text(version)));
      for (let i = 0; i < 10; i++) expect(versions).toContain(await read(store, "whole/a"));
      await Promise.all(writes);
    });

    it("deletes, and deleting what is not there is no error", async () => {
      await store.put("delete/a", text("x"));
      await store.delete("delete/a");
      await store.delete("delete/a");
      await store.delete("delete/never/was");
      expect(await store.get("delete/a")).toBeUndefined();
      expect(await list(store, "delete/")).toEqual([]);
    });

    it("lists by prefix in byte order, from after a key, with sizes and times", async () => {
      const before = Date.now();
      const keys = ["a-b", "a.b", "a/1", "a/2", "a0", "é", "Ａ", "😀"].map((key) => `list/${key}`);
      for (const key of keys.toReversed()) await store.put(key, text(key));
      await store.put("list0", text("outside"));
      const listed = await list(store, "list/");
      expect(listed.map((info) => info.key)).toEqual(keys);
      expect(listed.map((info) => info.size)).toEqual(keys.map((key) => text(key).length));
      for (const { modifiedAt } of listed) {
        expect(modifiedAt).toBeGreaterThan(before - 600_000);
        expect(modifiedAt).toBeLessThan(Date.now() + 600_000);
      }
      const listKeys = async (prefix: string, after?: string) =>
        (await list(store, prefix, after)).map((info) => info.key);
      expect(await listKeys("list/a/")).toEqual(["list/a/1", "list/a/2"]);
      expect(await listKeys("list/a")).toEqual(keys.slice(0, 5));
      expect(await listKeys("list/", "list/a/1")).toEqual(keys.slice(3));
      expect(await listKeys("list/", "list/a/9")).toEqual(keys.slice(4));
      expect(await listKeys("list/", "list/zzz")).toEqual(keys.slice(5));
      expect(await listKeys("nothing/")).toEqual([]);
    });

    it("keeps odd keys apart, readable and in order (property)", async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(oddKey, { minLength: 1, maxLength: 8 }),
          fc.nat(),
          async (names, pick) => {
            const root = `odd/${run++}/`;
            const keys = names.map((odd) => root + odd);
            await Promise.all(keys.map((key) => store.put(key, text(key))));
            for (const key of keys) expect(await read(store, key)).toBe(key);
            const sorted = keys.toSorted(compareObjectKeys);
            expect((await list(store, root)).map((info) => info.key)).toEqual(sorted);
            const after = sorted[pick % sorted.length];
            expect((await list(store, root, after)).map((info) => info.key)).toEqual(
              sorted.slice((pick % sorted.length) + 1),
            );
          },
        ),
        { numRuns: 25 },
      );
    });

    it.each([
      "",
      "/",
      "a//b",
      "/a",
      "a/",
      ".",
      "..",
      "a/../b",
      "a/./b",
      "../../etc/passwd",
      "\ud800",
    ])("refuses the key %j", async (key) => {
      const refused = { code: "ECAP_OBJECT_KEY" };
      await expect(store.put(key, text("x"))).rejects.toMatchObject(refused);
      await expect(store.putIfAbsent(key, text("x"))).rejects.toMatchObject(refused);
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
    });
  });
}

const text = (value: string) => new TextEncoder().encode(value);

async function read(store: ObjectStore, key: string): Promise<string | undefined> {
  const bytes = await store.get(key);
  return bytes && new TextDecoder().decode(bytes);
}

async function list(store: ObjectStore, prefix: string, after?: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix, after === undefined ? {} : { after }))
    found.push(info);
  return found;
}
