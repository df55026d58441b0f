import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { databaseContract } from "@ecap/sdk/testing";
import { afterAll, describe, expect, it } from "vitest";
import { pgliteDatabase } from "../src/index.ts";

// Opening takes seconds, so the suite shares one database; its owners are of their own.
const dir = mkdtempSync(join(tmpdir(), "ecap-pglite-"));
let shared = pgliteDatabase({ dir });
afterAll(async () => {
  await shared.close();
  rmSync(dir, { recursive: true, force: true });
});

const subject = () => ({
  database: shared,
  async reopen() {
    await shared.close();
    shared = pgliteDatabase({ dir });
    return subject();
  },
});
databaseContract("pglite", async () => subject());

describe("pgliteDatabase", () => {
  it("opens nothing before it is used", async () => {
    const unused = pgliteDatabase({ dir });
    await unused.close();
    await expect(unused.open("a", [])).rejects.toMatchObject({ code: "ECAP_STORAGE_CLOSED" });
  });

  it("refuses a directory in use and names the process", async () => {
    await shared.open("lock", []);
    const message = expect.stringContaining(String(process.pid));
    const second = pgliteDatabase({ dir });
    await expect(second.open("lock", [])).rejects.toMatchObject({ code: "ECAP_LOCKED", message });
    await second.close();
  });
});
