import { deltaTableStore } from "@ecap/adapter-delta";
import { memoryObjectStore } from "@ecap/sdk/memory";
import { tableStoreContract } from "@ecap/sdk/testing";

tableStoreContract("delta", async () => {
  const store = deltaTableStore({ objects: memoryObjectStore(), prefix: "lake/" });
  return { store, close: () => store.close() };
});
