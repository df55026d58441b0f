/**
 * A number from 0 to below 1 that follows from the text, evenly spread: FNV-1a, mixed at the end as in MurmurHash3, since FNV's high bits change little with
 * the last characters.
 *
 * @see http://www.isthe.com/chongo/tech/comp/fnv/
 */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    hash = Math.imul(hash ^ (code & 0xff), 0x01000193);
    if (code > 0xff) hash = Math.imul(hash ^ (code >>> 8), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Whether an entity is one of a canary's. The same entities stay when the share grows; another version has others. */
export function isChosen(version: string, entity: string, share: number): boolean {
  return spread(`${version}/${entity}`) < share;
}
