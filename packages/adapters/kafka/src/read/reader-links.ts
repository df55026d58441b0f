import type { Link } from "../wire/link.ts";

export interface ReaderLinks {
  /** Runs with a link nobody else uses meanwhile. */
  use<T>(task: (link: Link) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Links for reads, which wait at the broker: up to `max` at once, the rest take turns. Opened when needed and kept.
 */
export function readerLinks(open: () => Link, max: number): ReaderLinks {
  const all: Link[] = [];
  const idle: Link[] = [];
  const waiting: Array<(link: Link) => void> = [];

  async function acquire(): Promise<Link> {
    const link = idle.pop();
    if (link !== undefined) return link;
    if (all.length < max) {
      const opened = open();
      all.push(opened);
      return opened;
    }
    return new Promise((resolve) => {
      waiting.push(resolve);
    });
  }

  return {
    async use(task) {
      const link = await acquire();
      try {
        return await task(link);
      } finally {
        const next = waiting.shift();
        if (next === undefined) idle.push(link);
        else next(link);
      }
    },
    close() {
      for (const link of all) link.close();
    },
  };
}
