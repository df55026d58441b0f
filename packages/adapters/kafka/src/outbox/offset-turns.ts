/** A group's offset of one partition. */
export interface OffsetPlace {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
}

/**
 * Two move a group's offset: transactions, with what they deliver, and the consumer, past batches that delivered nothing. A commit of the
 * consumer that reached the broker after that of a transaction would put the offset back; whoever claims the partition then would take the
 * delivery for one that was never made, and make it again. So within a process they take turns, and the consumer leaves out what a
 * transaction has done, of this process or of one before that it saw. (Between processes the group's generation sees to it.)
 */
export interface OffsetTurns {
  /** A transaction is about to move the offset: resolves once no commit of the consumer is under way. */
  delivering(place: OffsetPlace, offset: number): Promise<void>;
  /** The group was seen to be this far, whoever moved it. */
  reached(place: OffsetPlace, offset: number): void;
  /** What was moved and seen does not count any more. */
  forget(place: OffsetPlace): void;
  /** Runs `commit` with those that are further than the group; not at all where there are none. */
  committing<Entry extends { readonly place: OffsetPlace; readonly offset: number }>(
    entries: readonly Entry[],
    commit: (entries: readonly Entry[]) => Promise<void>,
  ): Promise<void>;
}

export function offsetTurns(): OffsetTurns {
  /** No commit may bring the group back to this offset or one before. */
  const floors = new Map<string, number>();
  const underWay = new Map<string, Promise<void>>();

  function reached(place: OffsetPlace, offset: number): void {
    const name = nameOf(place);
    floors.set(name, Math.max(offset, floors.get(name) ?? 0));
  }

  return {
    async delivering(place, offset) {
      reached(place, offset);
      await underWay.get(nameOf(place));
    },
    reached,
    forget: (place) => void floors.delete(nameOf(place)),
    async committing(entries, commit) {
      const open = entries.filter(
        ({ place, offset }) => offset > (floors.get(nameOf(place)) ?? -1),
      );
      if (open.length === 0) return;
      const running = commit(open);
      const over = running.catch(() => undefined);
      const names = open.map(({ place }) => nameOf(place));
      for (const name of names) underWay.set(name, over);
      try {
        await running;
      } finally {
        for (const name of names) if (underWay.get(name) === over) underWay.delete(name);
      }
    },
  };
}

function nameOf({ group, topic, partition }: OffsetPlace): string {
  return `${group}/${topic}/${partition}`;
}
