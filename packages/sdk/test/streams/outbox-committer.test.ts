import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outboxCommitter } from "../../src/streams/outbox-committer.ts";
import { decodeOutbox, encodeOutbox } from "../../src/streams/outbox-record.ts";
import { type OutboxWorld, outboxWorld, type Step, statePrefix } from "./outbox-world.ts";

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value);
const inputs = Array.from({ length: 12 }, (_, i) => i);
/** Some batches emit nothing. */
const emitting = inputs.filter((input) => input % 3 !== 0);

const takenIn = (world: OutboxWorld): number[] => JSON.parse(world.state("taken") ?? "[]");

/** Takes the inputs in as a topology does, `size` at a time: adds each to its state and emits what it emits; rejects where it must stop. */
async function runTopology(
  world: OutboxWorld,
  size: number,
  { withSteps = true }: { readonly withSteps?: boolean } = {},
): Promise<void> {
  const { eventLog, stateStore } = world.owner();
  const committer = outboxCommitter({ eventLog, stateStore });
  let claim = await committer.claim("t", "in", 0);
  const [stored, position] = await stateStore.get(
    ["taken", "position"].map((key) => `${statePrefix}${key}`),
  );
  // State of another's claim: with a store that goes back to this one's, it would be counted twice.
  const [epoch] = JSON.parse(new TextDecoder().decode(position?.value));
  if (epoch !== claim.epoch) throw new Error(`claimed again since epoch ${claim.epoch}`);
  const taken: number[] =
    stored === undefined ? [] : JSON.parse(new TextDecoder().decode(stored.value));
  while ((claim.offset ?? 0) < inputs.length) {
    const batch = inputs.slice(claim.offset ?? 0, (claim.offset ?? 0) + size);
    taken.push(...batch);
    const nextOffset = (claim.offset ?? 0) + batch.length;
    await committer.commit({
      claim,
      expectedOffset: claim.offset,
      nextOffset,
      stateChanges: [{ key: `${statePrefix}taken`, value: bytes(JSON.stringify(taken)) }],
      emits: batch
        .filter((input) => emitting.includes(input) && input >= (claim.emittedBefore ?? 0))
        .map((input) => ({
          topic: "out",
          record: { value: bytes(String(input)), timestamp: input },
        })),
    });
    claim = { ...claim, offset: nextOffset };
    // Now and then time makes something that no input made.
    if (!withSteps || nextOffset % 2 === 0) continue;
    const told = [...(await readTold()), nextOffset];
    await committer.commit({
      claim,
      expectedOffset: nextOffset,
      nextOffset,
      stateChanges: [{ key: `${statePrefix}told`, value: bytes(JSON.stringify(told)) }],
      emits: [{ topic: "out", record: { value: bytes(`at ${nextOffset}`), timestamp: 1 } }],
    });
  }

  async function readTold(): Promise<number[]> {
    const [entry] = await stateStore.get([`${statePrefix}told`]);
    return entry === undefined ? [] : JSON.parse(new TextDecoder().decode(entry.value));
  }
}

/** As {@link runTopology}, and again with a new claim where that stopped: as a process does that was given the partition anew. */
async function keepRunning(
  world: OutboxWorld,
  size: number,
  options: { readonly withSteps: boolean },
): Promise<void> {
  for (let claims = 1; ; claims += 1) {
    try {
      await runTopology(world, size, options);
      return;
    } catch (error) {
      expect(String(error)).toMatch(/fault|since epoch|took/);
      if (claims === 4) throw error;
    }
  }
}

function stepsOf(weights: Readonly<Record<Step, number>>): fc.Arbitrary<Step> {
  const steps = Object.entries(weights) as Array<[Step, number]>;
  return fc.oneof(...steps.map(([step, weight]) => ({ weight, arbitrary: fc.constant(step) })));
}

/** Runs topologies that race over faults, then one in peace; resolves what happened. */
async function survive(
  weights: Readonly<Record<Step, number>>,
  numRuns: number,
  options: { readonly withSteps: boolean },
) {
  const seen = { stopped: 0, finished: 0, refused: 0, rolledBack: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.infiniteStream(stepsOf(weights)),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
      async (scheduler, steps, sizes) => {
        const world = outboxWorld({ scheduler, steps });
        const runs = Promise.allSettled(sizes.map((size) => keepRunning(world, size, options)));
        await scheduler.waitFor(runs);
        for (const run of await runs) {
          if (run.status === "fulfilled") seen.finished += 1;
          else seen.stopped += 1;
        }
        const ofInputs = () => world.emitted().filter((each) => !each.startsWith("at "));
        const inOrder = emitting.slice(0, ofInputs().length).map(String);
        expect(ofInputs()).toEqual(inOrder);
        world.calm();
        await runTopology(world, 2, options);
        expect(takenIn(world)).toEqual(inputs);
        expect(ofInputs()).toEqual(emitting.map(String));
        const told: number[] = JSON.parse(world.state("told") ?? "[]");
        expect(world.emitted().filter((each) => each.startsWith("at "))).toEqual(
          told.map((offset) => `at ${offset}`),
        );
        seen.refused += world.counts().refused;
        seen.rolledBack += world.counts().rolledBack;
      },
    ),
    { numRuns },
  );
  return seen;
}

describe("outboxCommitter", () => {
  it("counts and emits every input once, whatever fails and whoever races", async () => {
    const weights = { works: 24, "fails before": 1, "fails after": 1, "rolls back": 0 };
    const seen = await survive(weights, Number(process.env["ECAP_RUNS"] ?? 1_500), {
      withSteps: true,
    });
    expect(seen.stopped).toBeGreaterThan(200);
    expect(seen.finished).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(20);
  });

  it("emits nothing again where the store lost its last writes", async () => {
    const weights = { works: 40, "fails before": 1, "fails after": 1, "rolls back": 2 };
    const seen = await survive(weights, Number(process.env["ECAP_RUNS"] ?? 1_500), {
      withSteps: false,
    });
    expect(seen.rolledBack).toBeGreaterThan(200);
  });
});

describe("the outbox's bytes", () => {
  it("give back any records", () => {
    const record = fc.record(
      {
        key: fc.string({ unit: "grapheme" }),
        partition: fc.nat({ max: 20 }),
        value: fc.uint8Array({ maxLength: 50 }),
        headers: fc.dictionary(fc.string(), fc.string()),
        timestamp: fc.nat(),
      },
      { requiredKeys: ["value", "timestamp"] },
    );
    const outbox = fc.record({
      nextOffset: fc.nat(),
      step: fc.nat(),
      isStep: fc.boolean(),
      emits: fc.array(fc.record({ topic: fc.string({ minLength: 1 }), record })),
    });
    fc.assert(
      fc.property(outbox, (given) => {
        const found = decodeOutbox(encodeOutbox(given, 1_000_000));
        expect(found).toEqual(given);
      }),
    );
  });

  it("are bounded", () => {
    const emits = [{ topic: "out", record: { value: new Uint8Array(2_000), timestamp: 1 } }];
    expect(() => encodeOutbox({ nextOffset: 1, step: 0, isStep: false, emits }, 1_000)).toThrow(
      /at most 1000 fit/,
    );
  });
});
