import { memoryObjectStore } from "@ecap/sdk/memory";
import { objectStoreContract } from "@ecap/sdk/testing";

objectStoreContract("memory", async () => ({ store: memoryObjectStore() }));
