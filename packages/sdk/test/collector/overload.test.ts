import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EcapError } from "../../src/errors/index.ts";
import { manualClock, memoryStore } from "../../src/memory/index.ts";
import type { EventLog } from "../../src/ports/index.ts";
import { encode, openDoor, order, start, statuses } from "./door.ts";

/** A log whose appends wait until they are let through. */
function heldLog() {
  const clock = manualClock(start);
  const store = memoryStore({ clock });
  let open = false;
  const waiting: Array<() => void> = [];
  const eventLog: EventLog = {
    ...store.eventLog,
    async append(topic, records) {
      if (!open) await new Promise<void>((resolve) => waiting.push(resolve));
      return store.eventLog.append(topic, records);
    },
  };
  return {
    clock,
    adapters: { eventLog },
    release() {
      open = true;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

const codeOf = (error: unknown): string =>
  error instanceof EcapError ? error.code : String(error);

describe("a log that cannot keep up", () => {
  test("senders are told to come back within the time limit, and what they send again counts once", async () => {
    const held = heldLog();
    const { send, logged } = await openDoor({ appendTimeoutMs: 30 }, held);
    const begun = performance.now();
    await expect(send([order("a")])).rejects.toMatchObject({
      code: "ECAP_LOG_SLOW",
      status: 503,
      retryable: true,
    });
    expect(performance.now() - begun).toBeLessThan(2_000);
    // Sent again while the first is still under way: it waits for it, and is not appended beside it.
    await expect(send([order("a")])).rejects.toMatchObject({ code: "ECAP_LOG_SLOW" });
    const third = send([order("a")]);
    held.release();
    expect(statuses(await third)).toEqual(["duplicate"]);
    expect(await logged()).toEqual(["a"]);
  });

  test.each([
    ["events", { maxPendingEvents: 200 }],
    ["bytes", { maxPendingBytes: 200 * encode([order("e0000")]).length }],
  ])(
    "holds a bounded number of %s, however many are sent, and all that was acknowledged is in the log",
    async (_, limits) => {
      const held = heldLog();
      const door = await openDoor({ appendTimeoutMs: 20, ...limits }, held);
      const answers: Array<{ readonly id: string; readonly code: string }> = [];
      const sendOne = async (i: number): Promise<void> => {
        const id = `e${String(i).padStart(4, "0")}`;
        const code = await door.send([order(id)]).then(
          ([receipt]) => receipt?.status ?? "none",
          (error: unknown) => codeOf(error),
        );
        answers.push({ id, code });
      };
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(Array.from({ length: 200 }, (__, i) => sendOne(round * 200 + i)));
      }
      const [producer] = (await door.platform.health.process()).producers;
      expect(producer?.inFlight).toBeLessThanOrEqual(200);
      const counts = new Map<string, number>();
      for (const { code } of answers) counts.set(code, (counts.get(code) ?? 0) + 1);
      expect([...counts.keys()].toSorted()).toEqual(["ECAP_LOG_SLOW", "ECAP_OVERLOADED"]);
      expect(counts.get("ECAP_LOG_SLOW")).toBeLessThanOrEqual(200);
      held.release();
      await sleep(10);
      await Promise.all(Array.from({ length: 200 }, (__, i) => sendOne(2_000 + i)));
      const acknowledged = answers.filter(({ code }) => code === "accepted").map(({ id }) => id);
      expect(acknowledged).toHaveLength(200);
      const logged = await door.logged();
      expect(logged).toEqual(expect.arrayContaining(acknowledged));
      expect(new Set(logged).size).toBe(logged.length);
    },
  );
});
