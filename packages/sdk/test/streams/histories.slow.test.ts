import { memoryStore } from "@ecap/sdk/memory";
import { streamEngineContract } from "@ecap/sdk/testing";

const rounds = Number(process.env["ECAP_ROUNDS"] ?? 3);

streamEngineContract(`memory, ${rounds * 100} histories a case`, async () => memoryStore(), {
  histories: rounds * 100,
  events: 80,
  renewAfter: 10,
});
