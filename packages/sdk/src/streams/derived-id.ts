import { hash } from "node:crypto";
import { formatUuid } from "../events/uuid.ts";

/**
 * A UUID version 8 that depends on the parts alone, so that what is derived from the same parent by the same topology has the same id in
 * every replay.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-8
 */
export function derivedId(...parts: ReadonlyArray<string | number>): string {
  const bytes = hash("sha256", JSON.stringify(parts), "buffer").subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return formatUuid(bytes);
}
