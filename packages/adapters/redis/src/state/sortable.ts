const view = new DataView(new ArrayBuffer(8));

/** Ten characters of seven bits each, in the order of the numbers; the script has the same function. */
export function sortable(number: number): string {
  // Adding 0 makes -0 of no account.
  view.setFloat64(0, number + 0);
  let high = view.getUint32(0);
  let low = view.getUint32(4);
  if (high >>> 31 === 1) {
    high = ~high;
    low = ~low;
  } else high |= 0x80_00_00_00;
  return String.fromCharCode(
    high >>> 25,
    (high >>> 18) & 127,
    (high >>> 11) & 127,
    (high >>> 4) & 127,
    ((high & 15) << 3) | (low >>> 29),
    (low >>> 22) & 127,
    (low >>> 15) & 127,
    (low >>> 8) & 127,
    (low >>> 1) & 127,
    (low & 1) << 6,
  );
}
