import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelOfChargeback, saysFraud } from "../../../src/cases/labels/bank-word.ts";
import {
  type Verdict,
  type Voice,
  verdicts,
  voices,
  type Word,
  wordThatCounts,
} from "../../../src/cases/labels/verdicts.ts";

const say = (voice: Voice, verdict: Verdict, knownAt: number): Word => ({
  voice,
  verdict,
  knownAt,
});

describe("what counts of the words on a payment", () => {
  it.each([
    ["nothing is known", [], undefined],
    ["the newest word", [say("analyst", "legitimate", 1), say("bank", "fraud", 2)], "fraud"],
    [
      "the analyst's, after the bank's",
      [say("bank", "fraud", 1), say("analyst", "legitimate", 2)],
      "legitimate",
    ],
    [
      "the bank's, at one instant",
      [say("analyst", "legitimate", 1), say("bank", "fraud", 1)],
      "fraud",
    ],
    [
      "nothing of who took it back",
      [say("analyst", "fraud", 1), say("analyst", "unsure", 2)],
      undefined,
    ],
    [
      "the bank's, where the analyst is unsure",
      [say("bank", "fraud", 1), say("analyst", "unsure", 2)],
      "fraud",
    ],
    [
      "a second thought",
      [say("analyst", "fraud", 1), say("analyst", "legitimate", 2)],
      "legitimate",
    ],
  ] as const)("is %s", (_, words, expected) => {
    expect(wordThatCounts(words)?.verdict).toBe(expected);
  });

  it("does not depend on the order in which words are heard", () => {
    const word = fc.record({
      voice: fc.constantFrom(...voices),
      verdict: fc.constantFrom(...verdicts),
      knownAt: fc.integer({ min: 0, max: 20 }),
    });
    const distinct = fc.uniqueArray(word, { selector: (each) => `${each.voice}/${each.knownAt}` });
    const shuffled = distinct.chain((words) =>
      fc.tuple(
        fc.constant(words),
        fc.shuffledSubarray(words, { minLength: words.length, maxLength: words.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([words, others]) => {
        expect(wordThatCounts(others)).toEqual(wordThatCounts(words));
      }),
    );
  });
});

const event = (data: object) => ({ data }) as unknown as Parameters<typeof labelOfChargeback>[0];

describe("what a chargeback says", () => {
  it.each([
    ["fraudulent", true],
    [undefined, true],
    ["10.4", true],
    ["4837", true],
    ["something new", true],
    ["product_not_received", false],
    ["Product not received", false],
    ["13.1", false],
    ["duplicate", false],
  ])("%s is fraud: %s", (reason, expected) => {
    expect(saysFraud(reason)).toBe(expected);
  });

  it("is a label of its payment, or of its order where it names no payment", () => {
    expect(labelOfChargeback(event({ payment_id: "p", order_id: 7 }))).toEqual({
      payment_id: "p",
      event_id: "fraud-decision/p",
      order_id: "7",
      fraud: true,
      verdict: "fraud",
      source: "bank",
    });
    expect(labelOfChargeback(event({ order_id: "o" }))).toMatchObject({ order_id: "o" });
    expect(labelOfChargeback(event({ payment_id: {}, reason: "fraudulent" }))).toBeUndefined();
    expect(labelOfChargeback(event({ payment_id: "p", reason: "duplicate" }))).toBeUndefined();
  });
});
