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
 * transaction has done. (Between processes the group's generation sees to it.)
 */
export interface OffsetTurns {
  /** A transaction is about to move the offset: resolves once no commit of the consumer is under way. */
  delivering(place: OffsetPlace, offset: number): Promise<void>;
  /** Where transactions of this process have moved the offset does not count any more: another may have moved it since. */
  forget(place: OffsetPlace): void;
  /** Runs `commit` with those that no transaction has moved as far; not at all where there are none. */
  committing<Entry extends { readonly place: OffsetPlace; readonly offset: number }>(
    entries: readonly Entry[],
    commit: (entries: readonly Entry[]) => Promise<void>,
  ): Promise<void>;
}

export function offsetTurns(): OffsetTurns {
  const delivered = new Map<string, number>();
  const underWay = new Map<string, Promise<void>>();
  return {
    async delivering(place, offset) {
      const name = nameOf(place);
      delivered.set(name, Math.max(offset, delivered.get(name) ?? 0));
      await underWay.get(name);
    },
    forget: (place) => void delivered.delete(nameOf(place)),
    async committing(entries, commit) {
      const open = entries.filter(
        ({ place, offset }) => offset > (delivered.get(nameOf(place)) ?? -1),
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
