import { createHash } from "node:crypto";

/** By which the history of something personal is counted without keeping it: 96 bits of SHA-256. */
export function keyOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
