import { expect, it } from "vitest";
import { runGroupMember } from "../src/consume/group-member.ts";
import { encodeAssignment } from "../src/consume/sticky-assignor.ts";
import { settingsOf } from "../src/options.ts";
import { KafkaError } from "../src/wire/errors.ts";
import { deferred } from "./deferred.ts";

/** A coordinator in memory that lets one member join generations of these numbers, and calls for the next one at each heartbeat. */
function fakeCoordinator(generations: readonly number[], noneLeft: () => void) {
  let joins = 0;
  let closed: (() => void) | undefined;
  const broker = {
    async findGroupCoordinator() {
      return { coordinator: { nodeId: 1 } };
    },
    async joinGroup() {
      const generationId = generations[joins];
      joins += 1;
      if (generationId === undefined) {
        noneLeft();
        return new Promise<never>((_, reject) => {
          closed = () => reject(new Error("the link was closed"));
        });
      }
      return { memberId: "me", leaderId: "another", generationId, members: [] };
    },
    async syncGroup() {
      return { memberAssignment: encodeAssignment([]) };
    },
    async heartbeat() {
      throw new KafkaError(27, "Heartbeat");
    },
  };
  return {
    any: async () => broker,
    node: async () => broker,
    send: async () => {},
    close: () => closed?.(),
  };
}

it("gives up what it has where it missed a generation, in which that may have been another's", async () => {
  const over = deferred();
  const told: string[] = [];
  const link = fakeCoordinator([4, 5, 7], over.resolve);
  const member = runGroupMember({
    link: link as never,
    metadata: { topic: async (name: string) => ({ topicName: name, leaders: [1] }) } as never,
    settings: settingsOf({ brokers: ["localhost:9092"], heartbeatIntervalMs: 1 }),
    groupId: "g",
    topics: ["orders"],
    events: {
      held: () => [],
      hold: async () => void told.push("hold"),
      assigned: async ({ generationId }) => void told.push(`assigned ${generationId}`),
      lost: async () => void told.push("lost"),
      error: (error) => void told.push(String(error)),
    },
  });
  await over.promise;
  await member.stop();
  expect(told).toEqual(["assigned 4", "hold", "assigned 5", "hold", "lost", "assigned 7", "hold"]);
});
