import type { AssignedPartition } from "@ecap/sdk";
import type { GroupMembership } from "../wire/txn-offset-commit-request.ts";
import { nameOf } from "./sticky-assignor.ts";

/** As which members the consumers of this log hold the partitions of their groups. */
export interface GroupMembers {
  /** A consumer of the group begins, and says by what is returned which partitions it is dealt. */
  join(group: string): ConsumerPlaces;
  /** As which member a partition is held: undefined by none, or "outside" where no consumer of the group is here at all. */
  holderOf(group: string, place: AssignedPartition): GroupMembership | "outside" | undefined;
}

export interface ConsumerPlaces {
  hold(membership: GroupMembership, places: readonly AssignedPartition[]): void;
  /** Holds nothing until it is dealt partitions again. */
  lose(): void;
  leave(): void;
}

interface Held {
  membership?: GroupMembership;
  places: ReadonlySet<string>;
}

export function groupMembers(): GroupMembers {
  const groups = new Map<string, Set<Held>>();
  return {
    join(group) {
      const mine: Held = { places: new Set() };
      const consumers = groups.get(group) ?? new Set();
      groups.set(group, consumers.add(mine));
      return {
        hold(membership, places) {
          mine.membership = membership;
          mine.places = new Set(places.map(nameOf));
        },
        lose() {
          mine.places = new Set();
        },
        leave() {
          consumers.delete(mine);
          if (consumers.size === 0) groups.delete(group);
        },
      };
    },
    holderOf(group, place) {
      const consumers = groups.get(group);
      if (consumers === undefined) return "outside";
      const name = nameOf(place);
      return [...consumers].find(({ places }) => places.has(name))?.membership;
    },
  };
}
