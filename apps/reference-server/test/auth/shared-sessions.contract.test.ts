import { EcapError, type StateStore } from "@ecap/sdk";
import type { Principal } from "@ecap/sdk/http";
import { manualClock, memoryStateStore } from "@ecap/sdk/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { createSessions, type Sessions, sessionSeconds } from "../../src/auth/sessions.ts";

const ada: Principal = { id: "ada", role: "viewer", tenant: "default" };

describe("sessions that processes share", () => {
  const clock = manualClock();
  let stateStore: StateStore;
  let one: Sessions;
  let two: Sessions;

  beforeEach(async () => {
    clock.set(Date.now());
    stateStore = memoryStateStore({ clock });
    const secrets = { get: async () => "s".repeat(48), watch: () => () => {} };
    one = await createSessions({ secrets, stateStore, clock });
    two = await createSessions({ secrets, stateStore, clock });
  });

  it("end everywhere when one is signed out, and the others go on", async () => {
    const [mine, other] = [await one.issue(ada), await one.issue(ada)];
    expect(await two.verify(mine)).toEqual(ada);
    await two.end(mine);
    for (const sessions of [one, two]) {
      expect(await sessions.verify(mine)).toBeUndefined();
      expect(await sessions.verify(other)).toEqual(ada);
    }
    await two.end(mine);
    await two.end("no token");
  });

  it("end everywhere for a user, but not those that begin later, nor those of others", async () => {
    const before = await one.issue(ada);
    const bob = await one.issue({ ...ada, id: "bob" });
    clock.advance(5);
    await Promise.all([one.endAll("ada"), two.endAll("ada")]);
    clock.advance(1);
    const later = await two.issue(ada);
    expect(await two.verify(before)).toBeUndefined();
    expect(await one.verify(later)).toEqual(ada);
    expect(await one.verify(bob)).toMatchObject({ id: "bob" });
  });

  it("are remembered as ended for as long as their tokens could be used", async () => {
    const token = await one.issue(ada);
    await one.end(token);
    await one.endAll("ada");
    clock.advance(sessionSeconds * 1_000 - 1);
    expect(await endedKeys(stateStore)).toBe(2);
    clock.advance(1);
    expect(await endedKeys(stateStore)).toBe(0);
  });

  it("are not accepted while nobody can say whether they were ended", async () => {
    const token = await one.issue(ada);
    stateStore.get = async () => {
      throw new EcapError("ECAP_SERVICE_UNREACHABLE", "nobody is there");
    };
    await expect(two.verify(token)).rejects.toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE" });
  });
});

async function endedKeys(stateStore: StateStore): Promise<number> {
  let count = 0;
  for await (const { key } of stateStore.scan("session/")) {
    expect(key).not.toContain("ada");
    count += 1;
  }
  return count;
}
