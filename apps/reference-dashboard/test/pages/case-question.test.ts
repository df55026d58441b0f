import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/pages/cases/case-question.ts";

describe("the cases an address asks for", () => {
  it("are the open ones with the largest loss, unless it says otherwise", () => {
    const nothing = {
      view: "open",
      order: "priority",
      queue: undefined,
      cursor: undefined,
      find: undefined,
    };
    expect(questionOf({})).toEqual(nothing);
    expect(questionOf({ view: "all", order: "random", cursor: "-1" })).toEqual(nothing);
    expect(
      questionOf({ view: "mine", order: "due", queue: "vip", cursor: "50", find: "p-1" }),
    ).toEqual({
      view: "mine",
      order: "due",
      queue: "vip",
      cursor: "50",
      find: "p-1",
    });
  });
});
