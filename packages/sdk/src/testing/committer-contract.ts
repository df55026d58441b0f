import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Claim, type Commit, type Committer, claimPrefix } from "../ports/committer.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { readTopic, textOf, textRecord, uniqueName } from "./log-fixtures.ts";

export interface CommitterSubject {
  readonly committer: Committer;
  readonly eventLog: EventLog;
  readonly stateStore: StateStore;
  /** Where the store outlives the process: closes it and opens it again. */
  reopen?(): Promise<CommitterSubject>;
  close?(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What every {@link Committer} does. `make` gives an instance to each test. */
export function committerContract(name: string, make: () => Promise<CommitterSubject>): void {
  describe(`Committer: ${name}`, () => {
    let subject: CommitterSubject;
    let topology: string;
    let output: string;

    beforeEach(async () => {
      subject = await make();
      topology = uniqueName("topology");
      output = uniqueName("output");
      await subject.eventLog.createTopic(output, { partitions: 1 });
    });
    afterEach(() => subject.close?.());

    const key = (part: string): string =>
      `${claimPrefix({ topology, topic: "input", partition: 0 })}${part}`;
    const claim = (): Promise<Claim> => subject.committer.claim(topology, "input", 0);
    const step = (held: Claim, from: number | undefined, to: number, text: string): Commit => ({
      claim: held,
      expectedOffset: from,
      nextOffset: to,
      stateChanges: [
        { key: key("a"), value: bytes(text) },
        { key: key("b"), value: bytes(text) },
      ],
      emits: [
        { topic: output, record: textRecord(`${text}1`, { key: "k" }) },
        { topic: output, record: textRecord(`${text}2`, { key: "k" }) },
      ],
    });
    const state = async (): Promise<Array<string | undefined>> =>
      (await subject.stateStore.get([key("a"), key("b")])).map((entry) =>
        entry === undefined ? undefined : new TextDecoder().decode(entry.value),
      );
    const emitted = async (): Promise<string[]> =>
      (await readTopic(subject.eventLog, output)).map(textOf);
    const fenced = { code: "ECAP_FENCED" };

    it("starts with no offset and goes on from the committed one", async () => {
      const first = await claim();
      expect(first).toMatchObject({ topology, topic: "input", partition: 0, offset: undefined });
      await subject.committer.commit(step(first, undefined, 5, "x"));
      const second = await claim();
      expect(second.offset).toBe(5);
      expect(second.epoch).toBeGreaterThan(first.epoch);
    });

    it("makes state, emits and offset visible together, each once, in order", async () => {
      const held = await claim();
      await subject.committer.commit(step(held, undefined, 5, "x"));
      expect(await state()).toEqual(["x", "x"]);
      expect(await emitted()).toEqual(["x1", "x2"]);
      await subject.committer.commit(step(held, 5, 9, "y"));
      expect(await state()).toEqual(["y", "y"]);
      expect(await emitted()).toEqual(["x1", "x2", "y1", "y2"]);
    });

    it("removes keys and honours versions written elsewhere", async () => {
      const held = await claim();
      await subject.committer.commit(step(held, undefined, 1, "x"));
      const [entry] = await subject.stateStore.get([key("a")]);
      await subject.committer.commit({
        ...step(held, 1, 2, "y"),
        stateChanges: [{ key: key("b"), value: undefined }],
        emits: [],
      });
      expect(await state()).toEqual(["x", undefined]);
      const change = { key: key("a"), value: bytes("cas") };
      expect(await subject.stateStore.compareAndSet(change, entry?.version)).toBeDefined();
      await subject.committer.commit(step(held, 2, 3, "z"));
      expect(await subject.stateStore.compareAndSet(change, entry?.version)).toBeUndefined();
      expect(await state()).toEqual(["z", "z"]);
    });

    it("fences a claim that was taken over, and changes nothing", async () => {
      const old = await claim();
      await subject.committer.commit(step(old, undefined, 5, "x"));
      const taken = await claim();
      await expect(subject.committer.commit(step(old, 5, 9, "old"))).rejects.toMatchObject(fenced);
      expect(await state()).toEqual(["x", "x"]);
      expect(await emitted()).toEqual(["x1", "x2"]);
      await subject.committer.commit(step(taken, 5, 9, "new"));
      expect(await state()).toEqual(["new", "new"]);
    });

    it("refuses another offset than the stored one, as when a commit comes twice", async () => {
      const held = await claim();
      const commit = step(held, undefined, 5, "x");
      await subject.committer.commit(commit);
      await expect(subject.committer.commit(commit)).rejects.toMatchObject(fenced);
      await expect(subject.committer.commit(step(held, 4, 9, "y"))).rejects.toMatchObject(fenced);
      expect(await state()).toEqual(["x", "x"]);
      expect(await emitted()).toEqual(["x1", "x2"]);
    });

    it("takes exactly one of two commits racing from the same offset", async () => {
      const held = await claim();
      const outcomes = await Promise.allSettled([
        subject.committer.commit(step(held, undefined, 5, "x")),
        subject.committer.commit(step(held, undefined, 5, "y")),
      ]);
      expect(outcomes.map((outcome) => outcome.status).toSorted()).toEqual([
        "fulfilled",
        "rejected",
      ]);
      const [winner] = await state();
      expect(await emitted()).toEqual([`${winner}1`, `${winner}2`]);
    });

    it("changes nothing where an emit cannot be made", async () => {
      const held = await claim();
      const good = step(held, undefined, 5, "x");
      const bad = { topic: uniqueName("missing"), record: textRecord("lost") };
      const commit = { ...good, emits: [...good.emits, bad] };
      await expect(subject.committer.commit(commit)).rejects.toMatchObject({
        code: "ECAP_TOPIC_UNKNOWN",
      });
      expect(await state()).toEqual([undefined, undefined]);
      expect(await emitted()).toEqual([]);
      await subject.committer.commit(good);
      expect(await emitted()).toEqual(["x1", "x2"]);
    });

    it("keeps partitions and topologies apart", async () => {
      const here = await claim();
      const there = await subject.committer.claim(topology, "input", 1);
      const other = await subject.committer.claim(`${topology}-other`, "input", 0);
      const bare = { stateChanges: [], emits: [] };
      await subject.committer.commit(step(here, undefined, 5, "x"));
      await subject.committer.commit({ ...step(there, undefined, 7, "y"), ...bare });
      await subject.committer.commit({ ...step(other, undefined, 9, "z"), ...bare });
      expect(await claim()).toMatchObject({ offset: 5 });
      expect(await subject.committer.claim(topology, "input", 1)).toMatchObject({ offset: 7 });
      expect(await subject.committer.claim(topology, "input", 2)).toMatchObject({
        offset: undefined,
      });
      expect(await subject.committer.claim(other.topology, "input", 0)).toMatchObject({
        offset: 9,
      });
    });

    it("changes only the state of its own claim", async () => {
      const held = await claim();
      const foreign = [
        { key: `${claimPrefix({ topology, topic: "input", partition: 1 })}a`, value: bytes("x") },
      ];
      const commit = { ...step(held, undefined, 5, "x"), stateChanges: foreign };
      await expect(subject.committer.commit(commit)).rejects.toMatchObject({
        code: "ECAP_STATE_GROUP",
      });
      expect(await emitted()).toEqual([]);
    });

    it("goes on over steps without emits, and after ones with them", async () => {
      const held = await claim();
      await subject.committer.commit(step(held, undefined, 5, "x"));
      await subject.committer.commit({ ...step(held, 5, 9, "y"), emits: [] });
      const again = await claim();
      expect(again.offset).toBe(9);
      expect(await state()).toEqual(["y", "y"]);
      expect(await emitted()).toEqual(["x1", "x2"]);
      await subject.committer.commit(step(again, 9, 12, "z"));
      expect(await emitted()).toEqual(["x1", "x2", "z1", "z2"]);
    });

    it("takes commits that move no offset, as time makes them", async () => {
      const held = await claim();
      await subject.committer.commit(step(held, undefined, 0, "first"));
      await subject.committer.commit(step(held, 0, 5, "x"));
      await subject.committer.commit(step(held, 5, 5, "t"));
      await subject.committer.commit(step(held, 5, 5, "u"));
      const again = await claim();
      expect(again.offset).toBe(5);
      await subject.committer.commit(step(again, 5, 5, "v"));
      await subject.committer.commit(step(again, 5, 9, "y"));
      const third = await claim();
      expect(third).toMatchObject({ offset: 9 });
      expect(await state()).toEqual(["y", "y"]);
      const made = ["first", "x", "t", "u", "v", "y"];
      expect(await emitted()).toEqual(made.flatMap((text) => [`${text}1`, `${text}2`]));
    });

    it("holds claims, offsets, state and emits after it was opened again", async (context) => {
      if (subject.reopen === undefined) {
        context.skip("lives as long as its process");
        return;
      }
      const held = await claim();
      await subject.committer.commit(step(held, undefined, 5, "x"));
      subject = await subject.reopen();
      expect(await state()).toEqual(["x", "x"]);
      expect(await emitted()).toEqual(["x1", "x2"]);
      const again = await claim();
      expect(again.offset).toBe(5);
      expect(again.epoch).toBeGreaterThan(held.epoch);
      await expect(subject.committer.commit(step(held, 5, 6, "old"))).rejects.toMatchObject(fenced);
    });
  });
}
