import { mixedHash } from "../hash/text-hash.ts";

/** Whether an entity is one of a canary's. The same entities stay when the share grows; another version has others. */
export function isChosen(version: string, entity: string, share: number): boolean {
  return mixedHash(`${version}/${entity}`) / 2 ** 32 < share;
}
