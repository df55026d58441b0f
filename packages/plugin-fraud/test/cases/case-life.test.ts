import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  afterStep,
  type CaseLife,
  type CaseStep,
  openStates,
  resolutions,
} from "../../src/cases/case-life.ts";

const begun: CaseLife = {
  state: "new",
  queue: "review",
  assignee: null,
  resolution: null,
  escalatedBy: null,
  closedBy: null,
  mergedInto: null,
};
const people = [{ id: "ann" }, { id: "bob" }, { id: "key-1", madeBy: "ann" }];
const step: fc.Arbitrary<CaseStep> = fc.oneof(
  fc.record({ do: fc.constant("assign" as const), to: fc.constantFrom("ann", "bob", null) }),
  fc.record({ do: fc.constantFrom("wait" as const, "resume" as const) }),
  fc.record({ do: fc.constantFrom("escalate" as const, "reopen" as const) }),
  fc.record({ do: fc.constant("move" as const), queue: fc.constantFrom("review", "vip") }),
  fc.record({ do: fc.constant("close" as const), resolution: fc.constantFrom(...resolutions) }),
  fc.record({ do: fc.constant("merge" as const), into: fc.integer({ min: 1, max: 9 }) }),
);

describe("the life of a case", () => {
  it("is consistent after any steps of anybody", () => {
    const taken = fc.tuple(step, fc.constantFrom(...people));
    fc.assert(
      fc.property(fc.array(taken, { maxLength: 30 }), (steps) => {
        let life = begun;
        for (const [each, by] of steps) {
          const before = life;
          try {
            life = afterStep(before, each, by);
          } catch (error) {
            expect(["ECAP_CONFLICT", "ECAP_FORBIDDEN"]).toContain((error as { code: string }).code);
            expect(life).toBe(before);
            continue;
          }
          const { state, assignee, resolution, mergedInto, closedBy, escalatedBy } = life;
          expect(before.state).not.toBe("merged");
          expect(state === "merged").toBe(mergedInto !== null);
          expect(state === "closed").toBe(resolution !== null);
          expect(state === "closed").toBe(closedBy !== null);
          if (state === "working" || state === "waiting" || state === "closed")
            expect(assignee).not.toBeNull();
          if (state === "new" || state === "merged") expect(assignee).toBeNull();
          if (state === "closed" && escalatedBy !== null) {
            expect(closedBy).not.toBe(escalatedBy.id);
            expect(closedBy).not.toBe(escalatedBy.madeBy);
          }
        }
      }),
    );
  });

  it("can be closed from every open state, in which nothing else keeps it", () => {
    for (const state of openStates) {
      const life = { ...begun, state, assignee: state === "new" ? null : "ann" };
      expect(afterStep(life, { do: "close", resolution: "fraud" }, { id: "bob" })).toMatchObject({
        state: "closed",
        closedBy: "bob",
        assignee: life.assignee ?? "bob",
      });
    }
  });

  it("is closed by somebody else than who escalated it, a key of theirs included", () => {
    const escalated = afterStep(begun, { do: "escalate" }, { id: "ann" });
    expect(escalated).toMatchObject({ queue: "escalated", state: "new", assignee: null });
    const close = { do: "close", resolution: "fraud" } as const;
    for (const by of [{ id: "ann" }, { id: "key-1", madeBy: "ann" }])
      expect(() => afterStep(escalated, close, by)).toThrow("somebody else");
    expect(afterStep(escalated, close, { id: "bob" }).state).toBe("closed");
    expect(() => afterStep(escalated, { do: "escalate" }, { id: "bob" })).toThrow("already");
  });
});
