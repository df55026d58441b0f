const start = Date.UTC(2000, 0, 1);
const minuteMs = 60_000;
const payloadBits = 28;
const payloadSize = 2 ** payloadBits;
const mostMinutes = 2 ** 25;

/**
 * A minute and 28 bits in one whole number that grows with time, so that the largest of a window is the newest: the state store's `max` remembers the
 * last place, or the last device, of a customer. From 2000 to 2063; undefined outside.
 */
export function pack(time: number, payload: number): number | undefined {
  const minutes = Math.floor((time - start) / minuteMs);
  if (!(minutes >= 0 && minutes < mostMinutes)) return undefined;
  return minutes * payloadSize + payload;
}

export function unpack(packed: number): { readonly time: number; readonly payload: number } {
  return {
    time: Math.floor(packed / payloadSize) * minuteMs + start,
    payload: packed % payloadSize,
  };
}
