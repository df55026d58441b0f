import { compareObjectKeys } from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { memoryObjectStore } from "@ecap/sdk/memory";
import { objectStoreContract } from "@ecap/sdk/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

const at = "archive/";
const make = () => {
  const [objects, mounted] = [memoryObjectStore(), memoryObjectStore()];
  return { objects, mounted, store: mountedObjectStore({ objects, at, mounted }) };
};

objectStoreContract("memory with another mounted", async () => ({ store: make().store }));

describe("a mounted object store", () => {
  it("keeps what is below the prefix in the other store, without it", async () => {
    const { objects, mounted, store } = make();
    await store.put("archive/orders/1", new Uint8Array([1]));
    await store.put("orders/1", new Uint8Array([2]));
    expect(await mounted.get("orders/1")).toEqual(new Uint8Array([1]));
    expect(await objects.get("orders/1")).toEqual(new Uint8Array([2]));
    expect(await objects.get("archive/orders/1")).toBeUndefined();
  });

  it("lists both as one would (property)", async () => {
    const key = fc
      .array(fc.constantFrom("a", "archiv", "archive", "archive0", "archivf", "b"), {
        minLength: 1,
        maxLength: 3,
      })
      .map((parts) => parts.join("/"));
    // A key and one below it cannot both be; the mounted prefix itself is no key.
    const keys = fc
      .uniqueArray(key, { maxLength: 12 })
      .map((all) => all.filter((one) => one !== "archive"));
    const text = fc.oneof(
      key,
      key.map((one) => `${one}/`),
      fc.constant(""),
    );
    await fc.assert(
      fc.asyncProperty(
        keys,
        text,
        fc.option(text, { nil: undefined }),
        async (all, prefix, after) => {
          const { store } = make();
          for (const one of all) await store.put(one, new Uint8Array());
          const listed: string[] = [];
          const options = after === undefined ? {} : { after };
          for await (const object of store.list(prefix, options)) listed.push(object.key);
          const expected = all
            .filter((one) => one.startsWith(prefix))
            .filter((one) => after === undefined || compareObjectKeys(one, after) > 0);
          expect(listed).toEqual(expected.toSorted(compareObjectKeys));
        },
      ),
    );
  });
});
