import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embedded } from "@ecap/adapter-embedded";
import { createPlatform, type Platform } from "@ecap/sdk";
import { commerce } from "@ecap/sdk/commerce";
import { queryLake } from "@ecap/sdk/sql";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countedWords } from "../../../src/cases/labels/labelled-decisions.ts";
import { verdicts, voices, type Word, wordThatCounts } from "../../../src/cases/labels/verdicts.ts";
import { fraud } from "../../../src/index.ts";

describe("labels in the lake", () => {
  let dir: string;
  let platform: Platform;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "ecap-labels-"));
    platform = await createPlatform({
      adapters: embedded({ dir }),
      plugins: [commerce(), fraud({ model: "none" })],
    });
    await platform.start();
  });
  afterAll(async () => {
    await platform?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it("count by the same rule in SQL as in a case, and a chargeback becomes the bank's word once", async () => {
    const begun = Date.UTC(2026, 0, 1);
    const word = fc.record({
      voice: fc.constantFrom(...voices),
      verdict: fc.constantFrom(...verdicts),
      // Few instants, so that words of several voices meet in one.
      knownAt: fc.integer({ min: 0, max: 5 }).map((day) => begun + day * 86_400_000),
    });
    const words = fc.uniqueArray(word, {
      maxLength: 6,
      selector: (each) => `${each.voice}/${each.knownAt}`,
    });
    const payments = fc.sample(words, { numRuns: 60, seed: 7 });
    const chargeback = {
      id: "cb-1",
      type: "chargeback.received",
      tenant: "default",
      time: begun,
      actor: { customerId: "c" },
      data: { chargeback_id: "cb-1", payment_id: "charged", amount: "10", reason: "fraudulent" },
    };
    await Promise.all([
      ...payments.flatMap((said, i) =>
        said.map(({ voice, verdict, knownAt }) =>
          platform.emit({
            type: "label.recorded",
            tenant: "default",
            time: knownAt,
            data: {
              payment_id: `p-${i}`,
              fraud: verdict === "fraud",
              verdict,
              source: voice === "other" ? "import" : voice,
            },
          }),
        ),
      ),
      platform.emit(chargeback),
      platform.emit({
        ...chargeback,
        id: "cb-2",
        data: { ...chargeback.data, reason: "duplicate" },
      }),
    ]);
    await platform.drain();
    const { rows } = await queryLake(platform.port("queryEngine"), countedWords("payment_id"), {
      tenant: "default",
    });
    const found = Object.fromEntries(
      rows.map(({ id, verdict, voice, known_at }) => [
        id,
        { verdict, voice, knownAt: Date.parse(known_at) },
      ]),
    );
    const expected: Record<string, Word> = {
      charged: { verdict: "fraud", voice: "bank", knownAt: begun },
    };
    for (const [i, said] of payments.entries()) {
      const counts = wordThatCounts(said);
      if (counts !== undefined) expected[`p-${i}`] = counts;
    }
    expect(Object.keys(expected).length).toBeGreaterThan(30);
    expect(found).toEqual(expected);
  });
});
