import type { ListLookup } from "../language/index.ts";
import { blockCount, blockOf } from "./entry-block.ts";

/** A list in memory, followed as it changes. Expressions hold on to the view; what it says changes between decisions, never within one. */
export interface ListView extends ListLookup {
  /** The revision it shows; 0: of a list that nothing was ever in. */
  readonly revision: number;
  /** Puts other blocks in the place of these, all at once. */
  replace(blocks: ReadonlyMap<number, ListLookup>, revision: number): void;
}

export function listView(): ListView {
  let shown = 0;
  const blocks: Array<ListLookup | undefined> = Array.from({ length: blockCount });
  return {
    get revision() {
      return shown;
    },
    has: (value, at) => shown > 0 && blocks[blockOf(value)]?.has(value, at) === true,
    replace(changed, revision) {
      for (const [index, block] of changed) blocks[index] = block;
      shown = revision;
    },
  };
}
