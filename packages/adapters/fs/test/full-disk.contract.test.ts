import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fsObjectStore } from "@ecap/adapter-fs";
import { afterAll, expect, it } from "vitest";

const dir = mkdtempSync(join(tmpdir(), "ecap-full-"));
const mounted = mountSmallDisk();
afterAll(() => {
  if (mounted) execFileSync("umount", [dir]);
  rmSync(dir, { recursive: true });
});

it("says that the disk is full, keeps what was stored, and goes on once there is space", async (test) => {
  if (!mounted) test.skip("a small tmpfs cannot be mounted here");
  const store = fsObjectStore({ dir });
  const half = new Uint8Array(600_000).fill(7);
  await store.put("a", half);
  await expect(store.put("b", half)).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
  await expect(store.putIfAbsent("a2", half)).rejects.toMatchObject({ code: "ECAP_STORAGE_FULL" });
  expect(await store.get("b")).toBeUndefined();
  expect((await store.get("a"))?.length).toBe(half.length);
  await store.delete("a");
  await store.put("b", half);
  expect((await store.get("b"))?.length).toBe(half.length);
});

function mountSmallDisk(): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
