import { EcapError, stateGroup } from "@ecap/sdk";

/** Where a state key is kept: a string of its own, or a field of the hash that its group has under this head. */
export type Place =
  | { readonly kind: "plain"; readonly redisKey: string }
  | { readonly kind: "field"; readonly head: string; readonly field: string };

/**
 * Names in Redis. All keys of one entity, and of one group, share a hash tag and so a slot.
 *
 * - `<prefix>k/<key>`: a string for a key outside groups
 * - `<prefix>g/<head>`: a hash for all keys that begin with `head`, the text up to the closing brace; fields are the rest of the key
 * - `<prefix>x/<head>`: a sorted set of those fields that expire
 * - `<prefix>e{/<entity>}h` and `…}i`: an entity's hash and its index
 */
export interface KeyLayout {
  place(key: string): Place;
  plain(key: string): string;
  group(head: string): string;
  expiries(head: string): string;
  entity(key: string): { readonly hash: string; readonly index: string };
}

export function keyLayout(prefix: string): KeyLayout {
  if (/[{}]/.test(prefix)) {
    throw new EcapError("ECAP_CONFIG_INVALID", "`keyPrefix` must have no braces", {
      path: "/keyPrefix",
    });
  }
  const plain = (key: string): string => `${prefix}k/${key}`;
  return {
    plain,
    group: (head) => `${prefix}g/${head}`,
    expiries: (head) => `${prefix}x/${head}`,
    // The / keeps the tag from being empty where the entity's key begins with a brace.
    entity: (key) => ({ hash: `${prefix}e{/${key}}h`, index: `${prefix}e{/${key}}i` }),
    place(key) {
      const head = headOf(key);
      return head === undefined
        ? { kind: "plain", redisKey: plain(key) }
        : { kind: "field", head, field: key.slice(head.length) };
    },
  };
}

/** The key up to its first closing brace; undefined where it is in no group. */
export function headOf(key: string): string | undefined {
  const group = stateGroup(key);
  return group === undefined ? undefined : key.slice(0, key.indexOf("{") + group.length + 2);
}
