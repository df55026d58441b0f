import { EcapError } from "../errors/ecap-error.ts";

/** Throws ECAP_OBJECT_KEY unless the key is one or more non-empty parts joined by `/`, none of them `.` or `..`, and well-formed Unicode. */
export function checkObjectKey(key: string): void {
  const fits =
    key.split("/").every((part) => part !== "" && part !== "." && part !== "..") &&
    !/\p{Surrogate}/u.test(key);
  if (!fits) {
    throw new EcapError("ECAP_OBJECT_KEY", `Not an object key: ${JSON.stringify(key)}`, {
      received: key,
    });
  }
}

/** Orders keys by their UTF-8 bytes. JavaScript's own order differs past U+D7FF, where UTF-16 puts surrogates before U+E000. */
export function compareObjectKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
