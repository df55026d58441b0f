import { crc32 } from "node:zlib";
import { EcapError, type LogRecord } from "@ecap/sdk";
import { blockFormat } from "./block-format.ts";

export interface BlockPlace {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
}

/** What a reader still takes. */
export interface ReadBudget {
  records: number;
  bytes: number;
}

/** Adds the block's records from `fromOffset` on to `into`, as far as the budget goes; false where the budget ended it. */
export function readBlock(
  block: Buffer,
  place: BlockPlace,
  fromOffset: number,
  { into, budget }: { readonly into: LogRecord[]; readonly budget: ReadBudget },
): boolean {
  const { topic, partition, baseOffset } = place;
  const view = checked(block, place);
  const count = view.getUint32(16, true);
  const headers = headerTable(block, view);
  let at: number = blockFormat.headLength;
  for (let i = 0; i < count; i += 1) {
    const valueLength = view.getUint32(at, true);
    const keyLength = Math.max(view.getUint32(at + 4, true) - 1, 0);
    const keyAt = at + blockFormat.frameLength;
    const end = keyAt + keyLength + valueLength;
    const offset = baseOffset + i;
    if (offset >= fromOffset) {
      if (into.length > 0 && (budget.records < 1 || budget.bytes < valueLength)) return false;
      budget.records -= 1;
      budget.bytes -= valueLength;
      into.push({
        topic,
        partition,
        offset,
        key:
          view.getUint32(at + 4, true) === 0
            ? undefined
            : block.toString("utf8", keyAt, keyAt + keyLength),
        value: block.subarray(keyAt + keyLength, end),
        headers: headers[view.getUint32(at + 16, true)] ?? {},
        timestamp: view.getFloat64(at + 8, true),
      });
    }
    at = end;
  }
  return budget.records > 0 && budget.bytes > 0;
}

function checked(block: Buffer, { topic, partition, baseOffset }: BlockPlace): DataView {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.byteLength >= blockFormat.headLength) {
    const whole = view.getUint32(0, true) === crc32(block.subarray(4));
    if (whole && view.getUint32(4, true) === blockFormat.version) return view;
  }
  throw new EcapError(
    "ECAP_STORAGE_CORRUPT",
    `the records of ${topic}/${partition} from offset ${baseOffset} do not match their checksum`,
    { received: { topic, partition, offset: baseOffset } },
  );
}

function headerTable(block: Buffer, view: DataView): Array<Readonly<Record<string, string>>> {
  let at = view.getUint32(20, true);
  const table = Array.from<Readonly<Record<string, string>>>({ length: view.getUint32(at, true) });
  at += 4;
  for (let i = 0; i < table.length; i += 1) {
    const length = view.getUint32(at, true);
    table[i] = JSON.parse(block.toString("utf8", at + 4, at + 4 + length));
    at += 4 + length;
  }
  return table;
}
