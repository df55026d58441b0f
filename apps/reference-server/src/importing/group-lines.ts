import type { MappedLine } from "./line-reader.ts";
import type { Mapping } from "./mapping.ts";

/** An event as the import sends it: ECAP's own dialect. */
export interface ImportedEvent {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly actor: { readonly customerId?: string };
  readonly context: { readonly geo?: { readonly country: string } };
  readonly data: Readonly<Record<string, unknown>>;
}

interface OpenGroup {
  readonly kind: "order" | "refund";
  readonly group: string;
  readonly first: MappedLine;
  readonly products: Array<Readonly<Record<string, unknown>>>;
  readonly fingerprints: Set<string> | undefined;
  lastLine: number;
  bytes: number;
}

/** An order of more goes on in another event, for the collector takes none of more than 512 KiB. */
const maxEventBytes = 400_000;

export interface LineGrouper {
  /** Takes a line of the file; returns the events that are whole by it. `dropped` counts exact duplicates left out. */
  take(line: MappedLine, lineNumber: number): readonly ImportedEvent[];
  /** The events still open. */
  end(): readonly ImportedEvent[];
  readonly dropped: number;
}

/**
 * Gathers the lines of orders and refunds, which need not stand together, and turns other lines into events of their own. Ids follow from the file's
 * content, so the same file gives the same ids. A group that was counted whole and gets a line after all goes on in a second event of the same order.
 */
export function createLineGrouper(mapping: Mapping): LineGrouper {
  const span = mapping.groupSpan ?? 100_000;
  const open = new Map<string, OpenGroup>();
  /** How many events a group has given, and how many single lines of it have. */
  const parts = new Map<string, number>();
  let dropped = 0;
  let nextSweep = span;

  function close(key: string, group: OpenGroup): ImportedEvent {
    open.delete(key);
    const part = (parts.get(key) ?? 0) + 1;
    parts.set(key, part);
    return groupedEvent(mapping, group, part);
  }

  return {
    get dropped() {
      return dropped;
    },
    take(line, lineNumber) {
      const key = `${line.kind}\u001f${line.group}`;
      if (line.kind === "skip") return [];
      if (line.kind === "adjustment" || line.kind === "stock_adjustment") {
        const part = (parts.get(key) ?? 0) + 1;
        parts.set(key, part);
        return [
          line.kind === "adjustment"
            ? adjustmentEvent(mapping, line, part)
            : stockEvent(mapping, line, part),
        ];
      }
      let group = open.get(key);
      if (group === undefined) {
        group = {
          kind: line.kind,
          group: line.group,
          first: line,
          products: [],
          fingerprints: mapping.duplicates === "drop" ? new Set() : undefined,
          lastLine: lineNumber,
          bytes: 0,
        };
        open.set(key, group);
      }
      if (group.fingerprints?.has(line.fingerprint) === true) dropped += 1;
      else group.products.push(productOf(line));
      group.fingerprints?.add(line.fingerprint);
      group.lastLine = lineNumber;
      group.bytes += mostBytesOf(line);
      if (group.bytes > maxEventBytes) return [close(key, group)];
      if (lineNumber < nextSweep) return [];
      nextSweep = lineNumber + span / 4;
      return [...open]
        .filter(([, candidate]) => candidate.lastLine < lineNumber - span)
        .map(([old, candidate]) => close(old, candidate));
    },
    end: () => [...open].map(([key, group]) => close(key, group)),
  };
}

/** Bytes a line takes in its event at most, or nearly so. */
function mostBytesOf({ productId, name, category }: MappedLine): number {
  return 160 + 3 * (productId.length + name.length + category.length);
}

function productOf(line: MappedLine): Readonly<Record<string, unknown>> {
  return {
    product_id: line.productId,
    ...(line.name !== "" && { name: line.name }),
    ...(line.category !== "" && { category: line.category }),
    quantity: line.kind === "refund" ? -line.quantity : line.quantity,
    price: line.price,
    ...(line.isCharge && { line_type: "charge" }),
    occurred_at: line.time,
  };
}

function groupedEvent(
  mapping: Mapping,
  { kind, group, first, products }: OpenGroup,
  part: number,
): ImportedEvent {
  const id = `${mapping.name}/${kind}/${group}${part === 1 ? "" : `/${part}`}`;
  const key = kind === "order" ? { order_id: group } : { refund_id: group };
  return {
    ...frame(first),
    id,
    type: kind === "order" ? "order.completed" : "refund.created",
    data: { ...key, currency: mapping.currency, products },
  };
}

function adjustmentEvent(mapping: Mapping, line: MappedLine, part: number): ImportedEvent {
  const id = `${mapping.name}/adjustment/${line.group}/${part}`;
  const amount = multiply(line.price, line.quantity);
  const data = {
    adjustment_id: id,
    amount,
    currency: mapping.currency,
    reason: line.reason ?? "adjustment",
    ...(line.name !== "" && { description: line.name }),
  };
  return { ...frame(line), id, type: "adjustment.posted", data };
}

function stockEvent(mapping: Mapping, line: MappedLine, part: number): ImportedEvent {
  const id = `${mapping.name}/stock/${line.group}/${part}`;
  const data = {
    product_id: line.productId,
    ...(line.name !== "" && { name: line.name }),
    change: line.quantity,
    reason: line.reason ?? "stock adjustment",
  };
  return { ...frame(line), id, type: "inventory.updated", data };
}

function frame(line: MappedLine): Pick<ImportedEvent, "time" | "actor" | "context"> {
  return {
    time: line.time,
    actor: line.customer === "" ? {} : { customerId: line.customer },
    context: line.country === "" ? {} : { geo: { country: line.country } },
  };
}

/** Exact product of two decimals. */
function multiply(price: string, quantity: number): string {
  const factors = [price, String(quantity)].map((text) => {
    const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
    return { digits: BigInt(whole + fraction), places: fraction.length, minus: text[0] === "-" };
  });
  const product = factors.reduce((value, { digits }) => value * digits, 1n);
  const places = factors.reduce((sum, factor) => sum + factor.places, 0);
  const isMinus = product > 0n && factors[0]?.minus !== factors[1]?.minus;
  const digits = product.toString().padStart(places + 1, "0");
  const cut = digits.length - places;
  return `${isMinus ? "-" : ""}${digits.slice(0, cut)}${places === 0 ? "" : `.${digits.slice(cut)}`}`;
}
