import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  envSecretStore,
  fileSecretStore,
  firstSecretStore,
  mountedSecretStore,
} from "@ecap/adapter-fs";
import { secretStoreContract } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

secretStoreContract("file", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-secret-"));
  const store = fileSecretStore({ file: join(dir, "secrets.json"), pollMs: 10 });
  return {
    store,
    change: (name, value) => store.set(name, value),
    close: () => rm(dir, { recursive: true }),
  };
});

secretStoreContract("mounted", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-secret-"));
  return {
    store: mountedSecretStore({ dir, pollMs: 10 }),
    change: (name, value) => writeFile(join(dir, name), value),
    close: () => rm(dir, { recursive: true }),
  };
});

secretStoreContract("env", async () => {
  const env: Record<string, string> = {};
  return {
    store: envSecretStore({ env, prefix: "SHOP_" }),
    change: async (name, value) => {
      env[`SHOP_${name}`] = value;
    },
    neverChanges: "environment variables are fixed when the process starts",
  };
});

secretStoreContract("first of several", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ecap-secret-"));
  const mounted = mountedSecretStore({ dir, pollMs: 10 });
  return {
    store: firstSecretStore([mounted, envSecretStore({ env: {} })]),
    change: (name, value) => writeFile(join(dir, name), value),
    close: () => rm(dir, { recursive: true }),
  };
});

describe("secrets of a deployment", () => {
  it("are found under the names shells take, and in files before the environment", async () => {
    const env = { ECAP_SECRET_JWT_SECRET: "from the environment", "ECAP_SECRET_as-is": "exact" };
    const fromEnv = envSecretStore({ env, prefix: "ECAP_SECRET_" });
    expect(await fromEnv.get("jwt-secret")).toBe("from the environment");
    expect(await fromEnv.get("as-is")).toBe("exact");
    expect(await fromEnv.get("constructor")).toBeUndefined();
    const dir = await mkdtemp(join(tmpdir(), "ecap-secret-"));
    const both = firstSecretStore([mountedSecretStore({ dir }), fromEnv]);
    expect(await both.get("jwt-secret")).toBe("from the environment");
    await writeFile(join(dir, "jwt-secret"), "from a file\n");
    expect(await both.get("jwt-secret")).toBe("from a file");
    expect("set" in both).toBe(false);
    await rm(dir, { recursive: true });
  });
});

describe("fileSecretStore", () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-secret-"));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it("keeps the file for its owner alone", async () => {
    const file = join(dir, "owner.json");
    await fileSecretStore({ file }).set("a", "1");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o644);
    await expect(fileSecretStore({ file }).get("a")).rejects.toMatchObject({
      code: "ECAP_CONFIG_INVALID",
    });
  });

  it("refuses a file that is not an object of strings, without showing what is in it", async () => {
    const file = join(dir, "broken.json");
    await writeFile(file, '{"token": "hunter2", ', { mode: 0o600 });
    const failure = await fileSecretStore({ file }).get("token").catch(String);
    expect(failure).toContain("not a JSON object of strings");
    expect(failure).not.toContain("hunter2");
  });
});
