import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { manualClock } from "@ecap/sdk/memory";
import {
  committerContract,
  eventLogContract,
  stateStoreContract,
  streamEngineContract,
} from "@ecap/sdk/testing";
import { lmdbStore } from "../src/index.ts";

async function make(dir = mkdtempSync(join(tmpdir(), "ecap-lmdb-"))) {
  const clock = manualClock(1_000);
  const store = lmdbStore({ dir, clock, retentionEveryMs: 0 });
  return {
    ...store,
    clock,
    async reopen() {
      await store.close();
      return make(dir);
    },
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

eventLogContract("lmdb", make);
stateStoreContract("lmdb", make);
committerContract("lmdb", make);
streamEngineContract("lmdb", make, { histories: 8 });
