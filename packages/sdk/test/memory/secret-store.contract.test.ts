import { memorySecretStore } from "@ecap/sdk/memory";
import { secretStoreContract } from "@ecap/sdk/testing";

secretStoreContract("memory", async () => {
  const store = memorySecretStore();
  return { store, change: (name, value) => store.set(name, value) };
});
