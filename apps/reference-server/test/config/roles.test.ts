import { describe, expect, it } from "vitest";
import { loadSettings } from "../../src/config/load-config.ts";
import { backgroundOf } from "../../src/config/roles.ts";

const roles = async (given?: string, env?: string) =>
  (await loadSettings({ roles: given }, { ...(env !== undefined && { ECAP_ROLES: env }) })).roles;

describe("roles", () => {
  it("are all, those of the environment, or those of the command line, which wins", async () => {
    expect(await roles()).toEqual(["api", "worker", "sink"]);
    expect(await roles(undefined, "worker")).toEqual(["worker"]);
    expect(await roles("sink, api", "worker")).toEqual(["api", "sink"]);
    for (const wrong of ["", "king", "api,king"]) {
      await expect(roles(wrong)).rejects.toMatchObject({ code: "ECAP_CONFIG_INVALID" });
    }
  });

  it("stand for the work in the background", () => {
    expect(backgroundOf(["api"])).toEqual([]);
    expect(backgroundOf(["worker", "sink"])).toEqual(["topologies", "jobs", "sinks"]);
  });
});
