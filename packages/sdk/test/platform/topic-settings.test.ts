import { describe, expect, test } from "vitest";
import { defaultRetentionMs } from "../../src/events/index.ts";
import { memory } from "../../src/memory/index.ts";
import { createPlatform } from "../../src/platform/index.ts";
import { planTopics } from "../../src/platform/topic-settings.ts";
import { testPlugin } from "./plugins.ts";

const day = 86_400_000;

describe("retention of topics", () => {
  test("is on every log by default: a plugin may declare another, and the deployment has the last word", () => {
    const declared = { a: { partitions: 3 }, b: { partitions: 1, retentionMs: day } };
    expect(planTopics(declared)).toEqual({
      topics: { a: { partitions: 3, retentionMs: defaultRetentionMs }, b: declared.b },
      deadLetters: {
        "a.dlq": { partitions: 1, retentionMs: 30 * day, retentionBytes: 1024 ** 3 },
        "b.dlq": { partitions: 1, retentionMs: 30 * day, retentionBytes: 1024 ** 3 },
      },
    });
    const settings = {
      a: { partitions: 6, retentionBytes: 1_000 },
      b: { retentionMs: Infinity },
      "b.dlq": { retentionMs: 5 },
    };
    expect(planTopics(declared, settings)).toMatchObject({
      topics: {
        a: { partitions: 6, retentionMs: defaultRetentionMs, retentionBytes: 1_000 },
        b: { partitions: 1 },
      },
      deadLetters: { "b.dlq": { retentionMs: 5 } },
    });
    expect(planTopics(declared, settings).topics["b"]).toEqual({ partitions: 1 });
  });

  test.each([
    [{ "user-event": { retentionMs: 1 } }, "user-event"],
    [{ "user-events": { retentionMs: 0 } }, "topics.user-events.retentionMs"],
    [{ "user-events": { retentionBytes: Number.NaN } }, "topics.user-events.retentionBytes"],
  ])("that makes no sense is said: %j", async (topics, path) => {
    await expect(
      createPlatform({ adapters: memory(), plugins: [testPlugin("a")], topics }),
    ).rejects.toMatchObject({
      code: "ECAP_CONFIG_INVALID",
      path: expect.stringContaining(path),
    });
  });
});
