import { EcapError } from "@ecap/sdk";
import { textRecord } from "@ecap/sdk/testing";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appender } from "../src/append/appender.ts";
import { settingsOf } from "../src/options.ts";
import type { TopicMetadata } from "../src/topics/topic-metadata.ts";
import { type Fault, fakeBroker } from "./fake-broker.ts";

const topic = { name: "orders", topicName: "orders", leaders: [1, 1, 2] };

const metadata: TopicMetadata = {
  topic: async () => topic,
  known: () => topic,
  forget: () => {},
  all: async () => [topic],
  settled: async () => {},
  topicName: (name) => name,
};

function openAppender(faults: Iterator<Fault>, overrides = {}) {
  const broker = fakeBroker(faults);
  const settings = { ...settingsOf({ brokers: ["fake:1"] }), ...overrides };
  return { broker, appending: appender({ link: broker.link, metadata, settings }) };
}

function* always(fault: Fault): Generator<Fault> {
  for (;;) yield fault;
}

describe("appends", () => {
  it("are in the log once, in order, where they say, whatever the broker answers", async () => {
    const fault = fc.oneof(
      { weight: 4, arbitrary: fc.constant<Fault>("none") },
      {
        weight: 1,
        arbitrary: fc.constantFrom<Fault>(
          "lost request",
          "lost answer",
          "not leader",
          "forgot the producer",
          "timed out after appending",
        ),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fault),
        fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 6 }), {
          minLength: 1,
          maxLength: 12,
        }),
        async (faults, calls) => {
          const { broker, appending } = openAppender(faults, { maxBatchBytes: 300 });
          const positions = await Promise.all(
            calls.map(async (partitions, call) =>
              appending.append(
                "orders",
                partitions.map((partition, i) => textRecord(`${call}:${i}`, { partition })),
              ),
            ),
          );
          await appending.close();
          for (const [call, places] of positions.entries()) {
            for (const [i, { partition, offset }] of places.entries()) {
              expect(broker.log(partition)[offset]).toBe(`${call}:${i}`);
            }
          }
          for (const partition of [0, 1, 2]) {
            const sent = calls.flatMap((partitions, call) =>
              partitions.flatMap((each, i) => (each === partition ? [`${call}:${i}`] : [])),
            );
            expect(broker.log(partition)).toEqual(sent);
          }
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it("share requests with those that come meanwhile", async () => {
    const { broker, appending } = openAppender(always("none"));
    await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => appending.append("orders", [textRecord(`${i}`)])),
    );
    expect(broker.requests()).toBeLessThanOrEqual(4);
  });

  it("are split where the broker finds a batch too large, and refused where a record alone is", async () => {
    const { broker, appending } = openAppender(always("takes 500 bytes"));
    const records = Array.from({ length: 30 }, (_, i) =>
      textRecord(`${i}`.padEnd(100, "."), { partition: 0 }),
    );
    await appending.append("orders", records);
    expect(broker.log(0)).toHaveLength(30);
    const large = appending.append("orders", [textRecord("x".repeat(600), { partition: 0 })]);
    await expect(large).rejects.toMatchObject({ code: "ECAP_EVENT_TOO_LARGE", retryable: false });
    await appending.append("orders", [textRecord("next", { partition: 0 })]);
    expect(broker.log(0).at(-1)).toBe("next");
  });

  it("are refused while too much waits, and taken again after", async () => {
    const { broker, appending } = openAppender(always("none"), { maxWaitingBytes: 10_000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => appending.append("orders", [textRecord("x".repeat(1_000))])),
    );
    const refused = outcomes.filter((each) => each.status === "rejected");
    expect(refused.length).toBeGreaterThan(30);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: "ECAP_OVERLOADED", retryable: true, status: 429 });
    }
    await appending.append("orders", [textRecord("later")]);
    expect([0, 1, 2].flatMap((each) => broker.log(each))).toHaveLength(50 - refused.length + 1);
  });

  it("are given up after a while, so that what comes later is appended", async () => {
    let fault: Fault = "lost answer";
    const faults: Iterator<Fault> = { next: () => ({ value: fault, done: false }) };
    const { broker, appending } = openAppender(faults, { appendTimeoutMs: 100 });
    const failing = appending.append("orders", [textRecord("a", { partition: 0 })]);
    await expect(failing).rejects.toBeInstanceOf(EcapError);
    await expect(failing).rejects.toMatchObject({ code: "ECAP_SERVICE_UNREACHABLE", status: 503 });
    fault = "none";
    const [position] = await appending.append("orders", [textRecord("b", { partition: 0 })]);
    // The first may be in the log though nobody was told so; the second is not taken for it.
    expect(broker.log(0)[position?.offset ?? -1]).toBe("b");
    expect(broker.log(0)).toEqual(["a", "b"]);
  });
});
