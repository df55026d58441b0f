/**
 * A block is a batch of records of one partition with ascending offsets, as Kafka has them. Little-endian:
 *
 * - head: crc32 of all that follows (4), version (4), append time (8, float), record count (4), where the header table begins (4), 8 spare
 * - a frame a record: value length (4), key length + 1 or 0 for none (4), timestamp (8, float), index into the header table (4), key, value
 * - header table: count (4), then for each its length (4) and JSON
 */
export const blockFormat = {
  version: 1,
  headLength: 32,
  frameLength: 20,
  maxLength: 2 ** 30,
} as const;
