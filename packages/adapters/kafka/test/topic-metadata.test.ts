import { describe, expect, it } from "vitest";
import { leaderOf, topicMetadata } from "../src/topics/topic-metadata.ts";
import type { Link } from "../src/wire/link.ts";

/** A link to a broker that gives these leaders of the topic's partitions, one answer after the other, and the last one again and again. */
function linkTo(answers: ReadonlyArray<readonly number[]>): { link: Link; asked: () => number } {
  let asked = 0;
  const send = async (): Promise<unknown> => {
    const leaders = answers[Math.min(asked, answers.length - 1)] ?? [];
    asked += 1;
    const partitions = leaders.map((leader, partition) => ({ leader, partition }));
    return {
      brokers: [],
      topics: [{ topic: "orders", errorCode: 0, internal: false, partitions }],
    };
  };
  const link = { any: async () => ({}), send, close: () => {} };
  return { link: link as unknown as Link, asked: () => asked };
}

describe("topicMetadata", () => {
  it("asks again while a partition has no leader, and then no more", async () => {
    const { link, asked } = linkTo([
      [1, -1],
      [1, -1],
      [1, 2],
    ]);
    const metadata = topicMetadata({ link, prefix: "", timeoutMs: 1_000 });
    for (let i = 0; i < 2; i += 1) {
      const topic = await metadata.topic("orders");
      expect(leaderOf(topic, 0)).toBe(1);
      expect(() => leaderOf(topic, 1)).toThrow("orders/1");
      expect(metadata.known("orders")).toBeUndefined();
    }
    for (let i = 0; i < 3; i += 1) {
      expect(leaderOf(await metadata.topic("orders"), 1)).toBe(2);
    }
    expect(asked()).toBe(3);
  });
});
