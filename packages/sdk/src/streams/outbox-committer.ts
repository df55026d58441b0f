import { EcapError, isEcapError } from "../errors/ecap-error.ts";
import { assertNotFenced, assertOwnState, claimName } from "../memory/memory-committer.ts";
import { unknownTopic } from "../memory/memory-event-log.ts";
import {
  type Claim,
  type Commit,
  type Committer,
  claimPrefix,
  topologyGroup,
} from "../ports/committer.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { StateStore } from "../ports/state-store.ts";
import { decodeOutbox, encodeOutbox, type Outbox } from "./outbox-record.ts";

export interface OutboxPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/** How far the deliveries for a place are that took effect. */
export interface Mark {
  /** The offset of the group: everything before it is delivered. */
  readonly offset: number;
  /** The last step that was. 0 where none was, or where it is not known any more. */
  readonly step: number;
}

export interface Delivery {
  readonly mark: Mark;
  readonly emits: Outbox["emits"];
}

/** Who may deliver for a place, until another takes over, in this process or elsewhere. */
export interface OutboxOwner {
  /** The mark past every delivery that took effect; undefined where none did. */
  delivered(): Promise<Mark | undefined>;
  /** Appends the records and moves the mark, together or not at all. ECAP_FENCED where another took over, and after a failure, whose effect is not known. */
  deliver(delivery: Delivery): Promise<void>;
}

/** What the committer asks of a log beyond the port: appends that move a group's offset in the same transaction. */
export interface OutboxLog {
  /** Makes the resolved owner the only one that may deliver for the place. A transaction of an earlier one is over, one way or the other, when it resolves. */
  takeOver(place: OutboxPlace): Promise<OutboxOwner>;
}

export interface OutboxCommitterOptions {
  readonly eventLog: Pick<EventLog, "topics"> & OutboxLog;
  readonly stateStore: StateStore;
  /** The consumer group of a topology. Default: {@link topologyGroup}. */
  readonly group?: (topology: string) => string;
  /** The emits of one commit, encoded; past it the commit is ECAP_BATCH_TOO_LARGE and changes nothing. Default 16 MiB. */
  readonly maxOutboxBytes?: number;
}

interface Position {
  readonly epoch: number;
  readonly offset: number | undefined;
  /** Commits with emits that moved no offset. */
  readonly step: number;
}

interface Held extends Position {
  readonly owner: OutboxOwner;
  /** Of the position in the store: the guard of the next write. */
  readonly version: string;
  readonly emittedBefore: number | undefined;
}

const maxTakeOvers = 5;

/**
 * A Committer over a log and a state store that share no transaction.
 *
 * A commit is one `writeGroup`, guarded by the position record {epoch, offset}, of the state changes, the new position and the outbox (the
 * records to emit); then one transaction of the log that appends the outbox and moves the group's offset. Why nothing is lost or doubled:
 *
 * - *Crash before the write*: nothing happened. *Between write and delivery*: the next claim finds an outbox for the position's offset and a
 *   group offset below it, and delivers. *After the delivery*: the group's offset says so. The outbox is overwritten, or removed, only by the
 *   next commit's write, which begins after the delivery.
 * - *An older owner that wakes up*: its write fails, since a claim changed the position; its delivery fails, since a claim takes the log
 *   over, and asks what was delivered only after that.
 * - *An older claimer that wakes up* and takes the log over from the present owner: it finds the position changed and gives up. The owner's
 *   delivery is refused; it finds the position its own, takes the log over again, asks what was delivered, and delivers if it must.
 * - *A store that lost its last writes*: its offset is below the group's, and the claim says `emittedBefore`. Emits of a commit up to there
 *   are in the log and not delivered again; a commit that reaches past it must leave out the emits of the inputs before it. (One thing it
 *   cannot see: an owner before the last one, paused all the while, whose claim the loss put in force again.)
 *
 * A commit that moves no offset, since time made its emits, counts as a step, and the mark says which step was delivered last. (Where the
 * store lost a step, its emits may come again, under the ids they had.)
 *
 * A commit without emits writes no outbox and needs no transaction of the log.
 */
export function outboxCommitter(options: OutboxCommitterOptions): Committer {
  const { eventLog, stateStore, group = topologyGroup } = options;
  const { maxOutboxBytes = 16 * 1024 * 1024 } = options;
  const claims = new Map<string, Held>();
  const knownTopics = new Set<string>();

  const placeOf = ({ topology, topic, partition }: PlaceOfClaim): OutboxPlace => ({
    group: group(topology),
    topic,
    partition,
  });

  async function takePosition(
    key: string,
  ): Promise<{ position: Position; version: string | undefined }> {
    const [entry] = await stateStore.get([key]);
    const before = entry === undefined ? unclaimed : decodePosition(entry.value);
    const position = { ...before, epoch: before.epoch + 1 };
    const change = { key, value: encodePosition(position) };
    return { position, version: await stateStore.compareAndSet(change, entry?.version) };
  }

  async function isStill(key: string, version: string): Promise<boolean> {
    const [entry] = await stateStore.get([key]);
    return entry?.version === version;
  }

  /** Delivers as long as the position is ours, whoever took the log over meanwhile. Resolves who did it. */
  async function deliver(claim: PlaceOfClaim, held: Held, outbox: Outbox): Promise<OutboxOwner> {
    const { version, emittedBefore = 0 } = held;
    for (let takeOvers = 0; ; takeOvers += 1) {
      try {
        if (takeOvers === 0) {
          await held.owner.deliver(deliveryOf(outbox, emittedBefore));
          return held.owner;
        }
        const owner = await eventLog.takeOver(placeOf(claim));
        await deliverOnce(owner, outbox);
        return owner;
      } catch (error) {
        if (!isEcapError(error, "ECAP_FENCED") || takeOvers >= maxTakeOvers) throw error;
        if (!(await isStill(keysOf(claim).position, version))) throw error;
      }
    }
  }

  async function assertTopics({ emits }: Commit): Promise<void> {
    if (emits.every(({ topic }) => knownTopics.has(topic))) return;
    for (const { topic } of await eventLog.topics()) knownTopics.add(topic);
    for (const { topic } of emits) if (!knownTopics.has(topic)) throw unknownTopic(topic);
  }

  return {
    async claim(topology, topic, partition) {
      const claim = { topology, topic, partition };
      const place = placeOf(claim);
      const keys = keysOf(claim);
      claims.delete(claimName(claim));
      let taken = await takePosition(keys.position);
      while (taken.version === undefined) taken = await takePosition(keys.position);
      const { position, version } = taken;
      for (let takeOvers = 1; ; takeOvers += 1) {
        const owner = await eventLog.takeOver(place);
        const [stored, outbox] = await stateStore.get([keys.position, keys.outbox]);
        if (stored?.version !== version) throw claimedAgain(claim, position.epoch);
        try {
          if (outbox !== undefined) await deliverOnce(owner, decodeOutbox(outbox.value));
          const delivered = await owner.delivered();
          const { epoch, offset } = position;
          const isAhead = delivered !== undefined && delivered.offset > (offset ?? 0);
          const emittedBefore = isAhead ? delivered.offset : undefined;
          const step = Math.max(position.step, delivered?.step ?? 0);
          claims.set(claimName(claim), { epoch, offset, step, version, emittedBefore, owner });
          return { ...claim, epoch, offset, emittedBefore };
        } catch (error) {
          if (!isEcapError(error, "ECAP_FENCED") || takeOvers >= maxTakeOvers) throw error;
        }
      }
    },
    async commit(commit) {
      const { claim, nextOffset, stateChanges } = commit;
      assertOwnState(commit);
      await assertTopics(commit);
      const name = claimName(claim);
      const held = claims.get(name);
      assertNotFenced(commit, held);
      if (held === undefined) return;
      const keys = keysOf(claim);
      const isStep = nextOffset === held.offset;
      // What time makes after them was not among the emits of the inputs.
      const isEmitted = !isStep && nextOffset <= (held.emittedBefore ?? -1);
      const emits = isEmitted ? [] : commit.emits;
      const step = isStep && emits.length > 0 ? held.step + 1 : held.step;
      const position = { epoch: held.epoch, offset: nextOffset, step };
      const outbox = emits.length === 0 ? undefined : { nextOffset, step, isStep, emits };
      const value = outbox === undefined ? undefined : encodeOutbox(outbox, maxOutboxBytes);
      const version = await stateStore.writeGroup(
        [
          ...stateChanges,
          { key: keys.position, value: encodePosition(position) },
          { key: keys.outbox, value },
        ],
        { key: keys.position, expected: held.version },
      );
      if (version === undefined) throw claimedAgain(claim, held.epoch);
      // Until the delivery is done nobody may overwrite the outbox: a commit meanwhile, or after a failure, is fenced.
      claims.delete(name);
      const now = { ...held, ...position, version };
      const owner = outbox === undefined ? held.owner : await deliver(claim, now, outbox);
      if (!claims.has(name)) claims.set(name, { ...now, owner });
    },
  };
}

type PlaceOfClaim = Pick<Claim, "topology" | "topic" | "partition">;

const unclaimed: Position = { epoch: 0, offset: undefined, step: 0 };

async function deliverOnce(owner: OutboxOwner, outbox: Outbox): Promise<void> {
  const mark = await owner.delivered();
  if (mark !== undefined && isPast(mark, outbox)) return;
  await owner.deliver(deliveryOf(outbox, mark?.offset ?? 0));
}

function isPast({ offset, step }: Mark, outbox: Outbox): boolean {
  return outbox.isStep ? step >= outbox.step : offset >= outbox.nextOffset;
}

/** Where the store lost its last writes, a step may be of an offset before the mark, which does not go back. */
function deliveryOf({ nextOffset, step, emits }: Outbox, reached: number): Delivery {
  return { mark: { offset: Math.max(nextOffset, reached), step }, emits };
}

function keysOf(claim: PlaceOfClaim): { readonly position: string; readonly outbox: string } {
  const prefix = claimPrefix(claim);
  return { position: `${prefix}position`, outbox: `${prefix}outbox` };
}

function encodePosition({ epoch, offset, step }: Position): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([epoch, offset ?? null, step]));
}

function decodePosition(bytes: Uint8Array): Position {
  const stored: [number, number | null, number] = JSON.parse(new TextDecoder().decode(bytes));
  const [epoch, offset, step] = stored;
  return { epoch, offset: offset ?? undefined, step };
}

function claimedAgain({ topology, topic, partition }: PlaceOfClaim, epoch: number): EcapError {
  return new EcapError(
    "ECAP_FENCED",
    `${topology} on ${topic}/${partition} was claimed again, or committed twice, since epoch ${epoch}`,
  );
}
