import type { AssignedPartition } from "@ecap/sdk";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  deal,
  decodeAssignment,
  decodeMember,
  encodeAssignment,
  encodeMember,
  type GroupMember,
  nameOf,
} from "../src/consume/sticky-assignor.ts";

const names = (partitions: readonly AssignedPartition[] = []): string[] => partitions.map(nameOf);
const member = (
  memberId: string,
  held: readonly AssignedPartition[] = [],
  topics = ["a", "b"],
): GroupMember => ({
  memberId,
  topics,
  held,
});

describe("dealing partitions", () => {
  const sizes = fc.record({ a: fc.nat({ max: 9 }), b: fc.nat({ max: 9 }) });
  const membersArb = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  });

  it("gives each to one member, evenly, and moves no more than it must", () => {
    fc.assert(
      fc.property(sizes, membersArb, membersArb, (given, before, after) => {
        const partitions = new Map(Object.entries(given));
        const total = given.a + given.b;
        const first = deal(
          before.map((id) => member(id)),
          partitions,
        );
        const second = deal(
          after.map((id) => member(id, first.get(id))),
          partitions,
        );
        for (const dealt of [first, second]) {
          const all = [...dealt.values()].flatMap(names);
          expect(all).toHaveLength(total);
          expect(new Set(all).size).toBe(total);
          const counts = [...dealt.values()].map(({ length }) => length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
        for (const id of after) {
          const had = new Set(names(first.get(id)));
          const kept = names(second.get(id)).filter((name) => had.has(name));
          // What it had, up to its fair share, it keeps.
          const least = Math.floor(total / after.length);
          expect(kept.length).toBeGreaterThanOrEqual(Math.min(had.size, least));
        }
      }),
    );
  });

  it("gives a topic to members that take it, and one held twice to one", () => {
    const partitions = new Map([
      ["a", 4],
      ["b", 2],
    ]);
    const both = [{ topic: "a", partition: 0 }];
    const dealt = deal(
      [member("x", both, ["a"]), member("y", both, ["b"]), member("z", both, ["a", "c"])],
      partitions,
    );
    expect(names(dealt.get("y")).toSorted()).toEqual(["b/0", "b/1"]);
    expect([...names(dealt.get("x")), ...names(dealt.get("z"))].toSorted()).toEqual([
      "a/0",
      "a/1",
      "a/2",
      "a/3",
    ]);
    expect(dealt.get("x")).toHaveLength(2);
  });

  it("is understood by the others", () => {
    const held = [
      { topic: "a", partition: 3 },
      { topic: "b", partition: 0 },
    ];
    expect(decodeMember("x", encodeMember({ topics: ["a", "b"], held }))).toEqual(
      member("x", held),
    );
    expect(decodeAssignment(encodeAssignment(held))).toEqual(held);
    expect(decodeAssignment(encodeAssignment([]))).toEqual([]);
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([]);
  });
});
