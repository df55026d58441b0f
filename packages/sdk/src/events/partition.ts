const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;
const encoder = new TextEncoder();

/**
 * The partition of a key: murmur2 of its UTF-8 bytes, as Kafka's default partitioner has it, so the embedded log and Kafka agree.
 *
 * @see https://github.com/apache/kafka/blob/3.9.0/clients/src/main/java/org/apache/kafka/clients/producer/internals/BuiltInPartitioner.java
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

/** The 32-bit murmur2 hash of the text's UTF-8 bytes, signed as Kafka's is. */
export function murmur2(text: string): number {
  let hash = seed ^ text.length;
  const whole = text.length & ~3;
  let seen = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    seen |= a | b | c | d;
    hash = mixWord(hash, a | (b << 8) | (c << 16) | (d << 24));
  }
  const rest = text.length - whole;
  let tail = 0;
  for (let i = rest - 1; i >= 0; i -= 1) {
    const code = text.charCodeAt(whole + i);
    seen |= code;
    tail = (tail << 8) | code;
  }
  // Characters past ASCII take several bytes: such a text is hashed again from its encoding.
  if (seen > 0x7f) return murmur2Bytes(encoder.encode(text));
  return finish(hash, rest, tail);
}

function murmur2Bytes(bytes: Uint8Array): number {
  let hash = seed ^ bytes.length;
  const whole = bytes.length & ~3;
  const at = (i: number): number => bytes[i] ?? 0;
  for (let i = 0; i < whole; i += 4) {
    hash = mixWord(hash, at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
  }
  const rest = bytes.length - whole;
  let tail = 0;
  for (let i = rest - 1; i >= 0; i -= 1) tail = (tail << 8) | at(whole + i);
  return finish(hash, rest, tail);
}

function mixWord(hash: number, word: number): number {
  let k = Math.imul(word, multiplier);
  k ^= k >>> 24;
  return Math.imul(hash, multiplier) ^ Math.imul(k, multiplier);
}

function finish(mixed: number, rest: number, tail: number): number {
  let hash = mixed;
  if (rest > 0) hash = Math.imul(hash ^ tail, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return hash ^ (hash >>> 15);
}
