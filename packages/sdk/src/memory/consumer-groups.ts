import { isEcapError } from "../errors/ecap-error.ts";
import type { AssignedPartition, ConsumeOptions, EventLog, LogRecord } from "../ports/event-log.ts";
import { pause } from "../streams/pause.ts";

/** Where the groups of a log keep how far they are. */
export interface GroupOffsets {
  readonly get: (group: string, assigned: AssignedPartition) => number | undefined;
  readonly set: (group: string, assigned: AssignedPartition, offset: number) => void;
}

export interface ConsumerGroups {
  /** What they add to a log that can be read. */
  readonly log: Pick<EventLog, "consume" | "committed">;
  /** Closes every consumer. */
  close(): Promise<void>;
}

type ReadableLog = Pick<EventLog, "read" | "offsets">;

const idleWaitMs = 1_000;
const firstBackoffMs = 50;
const maxBackoffMs = 5_000;

/**
 * Consumer groups of a log that lives in one process: the partitions of a group's topics are dealt to its members in turn, and dealt
 * again when a member joins or leaves. A partition changes hands only after its batch under way is done.
 */
export function createConsumerGroups(log: ReadableLog, groupOffsets: GroupOffsets): ConsumerGroups {
  const groups = new Map<string, Group>();

  const grouped: ConsumerGroups["log"] = {
    async committed(group, topic) {
      const reached = new Map<number, number>();
      for (const { partition } of await log.offsets(topic)) {
        const offset = groupOffsets.get(group, { topic, partition });
        if (offset !== undefined) reached.set(partition, offset);
      }
      return reached;
    },
    async consume(options) {
      const partitions: AssignedPartition[] = [];
      for (const topic of [...new Set(options.topics)].toSorted()) {
        for (const { partition } of await log.offsets(topic)) partitions.push({ topic, partition });
      }
      const group = groups.get(options.group) ?? { members: [], rebalancing: Promise.resolve() };
      groups.set(options.group, group);
      const member: Member = { options, partitions, running: new Map() };
      group.members.push(member);
      await rebalance(group, log, groupOffsets);
      let closing: Promise<void> | undefined;
      const close = async (): Promise<void> => {
        closing ??= (async () => {
          group.members.splice(group.members.indexOf(member), 1);
          await rebalance(group, log, groupOffsets);
          await stopAll(member);
        })();
        await closing;
      };
      member.close = close;
      return { close };
    },
  };
  return {
    log: grouped,
    async close() {
      const members = [...groups.values()].flatMap((group) => group.members);
      await Promise.all(members.map(async (member) => member.close?.()));
    },
  };
}

interface Group {
  readonly members: Member[];
  rebalancing: Promise<void>;
}

interface Member {
  readonly options: ConsumeOptions;
  readonly partitions: readonly AssignedPartition[];
  readonly running: Map<string, PartitionRun>;
  close?: () => Promise<void>;
}

interface PartitionRun {
  readonly assigned: AssignedPartition;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

const nameOf = ({ topic, partition }: AssignedPartition): string => `${topic}/${partition}`;

/** Deals the partitions again; runs one at a time a group. */
function rebalance(group: Group, log: ReadableLog, offsets: GroupOffsets): Promise<void> {
  group.rebalancing = group.rebalancing.then(async () => {
    const owners = deal(group.members);
    const leaving = group.members.flatMap((member) =>
      [...member.running.values()]
        .filter((run) => owners.get(nameOf(run.assigned)) !== member)
        .map((run) => stop(member, run)),
    );
    await Promise.all(leaving);
    for (const member of group.members) {
      for (const assigned of member.partitions) {
        const name = nameOf(assigned);
        if (owners.get(name) !== member || member.running.has(name)) continue;
        const abort = new AbortController();
        const done = runPartition(member.options, assigned, abort.signal, log, offsets);
        member.running.set(name, { assigned, abort, done });
      }
    }
  });
  return group.rebalancing;
}

function deal(members: readonly Member[]): ReadonlyMap<string, Member> {
  const candidates = new Map<string, Member[]>();
  for (const member of members) {
    for (const assigned of member.partitions) {
      const name = nameOf(assigned);
      candidates.set(name, [...(candidates.get(name) ?? []), member]);
    }
  }
  const owners = new Map<string, Member>();
  let turn = 0;
  for (const name of [...candidates.keys()].toSorted()) {
    const choices = candidates.get(name) ?? [];
    const owner = choices[turn % choices.length];
    if (owner !== undefined) owners.set(name, owner);
    turn += 1;
  }
  return owners;
}

async function stopAll(member: Member): Promise<void> {
  await Promise.all([...member.running.values()].map((run) => stop(member, run)));
}

async function stop(member: Member, run: PartitionRun): Promise<void> {
  run.abort.abort();
  await run.done;
  member.running.delete(nameOf(run.assigned));
  try {
    await member.options.onRevoked?.(run.assigned);
  } catch (error) {
    member.options.onError?.(error);
  }
}

async function runPartition(
  options: ConsumeOptions,
  assigned: AssignedPartition,
  signal: AbortSignal,
  log: ReadableLog,
  offsets: GroupOffsets,
): Promise<void> {
  const { topic, partition } = assigned;
  const { group, maxRecords, maxBytes } = options;
  let failures = 0;
  let position: number | undefined;
  let records: readonly LogRecord[] = [];
  while (!signal.aborted) {
    try {
      position ??=
        (await options.onAssigned?.(assigned)) ??
        offsets.get(group, assigned) ??
        (await earliest(log, assigned));
      if (records.length === 0) {
        const limits = { maxRecords, maxBytes, waitMs: idleWaitMs, signal };
        records = await log.read(topic, partition, position, limits);
      }
      const last = records.at(-1);
      if (last === undefined || signal.aborted) continue;
      await options.onBatch({ topic, partition, records, signal });
      records = [];
      position = last.offset + 1;
      offsets.set(group, assigned, position);
      failures = 0;
    } catch (error) {
      options.onError?.(error);
      if (isEcapError(error, "ECAP_STORAGE_CLOSED")) return;
      if (position !== undefined && isEcapError(error, "ECAP_OFFSET_OUT_OF_RANGE")) {
        position = await earliest(log, assigned);
        continue;
      }
      await pause(Math.min(firstBackoffMs * 2 ** failures, maxBackoffMs), signal);
      failures += 1;
    }
  }
}

async function earliest(
  log: ReadableLog,
  { topic, partition }: AssignedPartition,
): Promise<number> {
  const offsets = await log.offsets(topic);
  return offsets.find((each) => each.partition === partition)?.earliest ?? 0;
}
