import { createHash } from "node:crypto";
import { sep } from "node:path";

/** Most file systems take 255 bytes. */
const maxNameBytes = 200;

/** The relative path of an object's copy. Parts such as `date=2026-01-31` stay as they are: readers take partition values from them. */
export function cachePath(key: string): string {
  return key.split("/").map(nameOf).join(sep);
}

function nameOf(part: string): string {
  const name = part.replace(/[^\w=.-]/gu, encoded);
  return name.length <= maxNameBytes ? name : createHash("sha256").update(part).digest("hex");
}

function encoded(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).padStart(2, "0")}`)
    .join("");
}
