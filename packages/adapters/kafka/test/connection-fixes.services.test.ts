import { textRecord } from "@ecap/sdk/testing";
import kafkajs from "kafkajs";
import { describe, expect, it, vi } from "vitest";
import { brokers, skipReason, testLog } from "./services.ts";

describe.skipIf(brokers === undefined)(`faults of kafkajs put right, ${skipReason}`, () => {
  it("sets no timer of negative time, as kafkajs does after every answer", async () => {
    const timers = vi.spyOn(globalThis, "setTimeout");
    const negative = (): number => timers.mock.calls.filter(([, ms = 0]) => ms < 0).length;
    const log = testLog();
    await log.createTopic("orders", { partitions: 1 });
    for (let i = 0; i < 5; i += 1) await log.append("orders", [textRecord(`${i}`)]);
    await log.read("orders", 0, 0);
    expect(negative()).toBe(0);
    const admin = log.client.admin();
    await admin.connect();
    await admin.listTopics();
    await admin.disconnect();
    expect(negative()).toBeGreaterThan(0);
    await log.close();
  });

  it("opens one socket for requests that meet a closed connection together", async () => {
    let opened = 0;
    const open = kafkajs.Kafka;
    const { connect } = await import("node:net");
    const client = new open({
      brokers: [...(brokers ?? [])],
      logLevel: kafkajs.logLevel.NOTHING,
      socketFactory: ({ host, port, onConnect }) => {
        opened += 1;
        return connect({ host, port }, onConnect);
      },
    });
    const log = testLog({ client });
    await log.createTopic("orders", { partitions: 4 });
    opened = 0;
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await log.read("orders", i % 4, 0);
        await log.append("orders", [textRecord(`${i}`)]);
      }),
    );
    // Two connections of the appends, and two for each of the eight readers.
    expect(opened).toBeLessThanOrEqual(2 + 2 * 8);
    await log.close();
  });
});
