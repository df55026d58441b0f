import type { QueryEngine } from "@ecap/sdk";
import { queryLake } from "@ecap/sdk/sql";
import { type EntityKind, entityKinds } from "./case-options.ts";
import { countedWords, type LabelTables, lake } from "./labels/labelled-decisions.ts";

export interface NetworkNode {
  /** As in `payment:p-1` and `card:c-7`. */
  readonly id: string;
  readonly kind: "payment" | EntityKind;
  readonly value: string;
  /** Steps from where the question began. */
  readonly depth: number;
  /** Of payments. */
  readonly outcome?: string;
  readonly amount?: number;
  readonly currency?: string;
  readonly time?: string;
  readonly verdict?: string;
}

export interface Network {
  readonly nodes: readonly NetworkNode[];
  readonly edges: ReadonlyArray<{ readonly from: string; readonly to: string }>;
  /** Whether there is more than the limits let through. */
  readonly truncated: boolean;
}

export interface NetworkQuery {
  readonly tenant: string;
  readonly payments: readonly string[];
  /** From a payment over what it shares to others, so many times. */
  readonly depth: number;
  /** Most nodes. */
  readonly limit: number;
  readonly signal?: AbortSignal;
}

export const networkLimits = { depth: 3, nodes: 300 } as const;

const columnOf = {
  customer: "customer_id",
  card: "card_id",
  device: "device_id",
  email: "email_key",
  phone: "phone_key",
  ip: "ip",
} as const satisfies Readonly<Record<EntityKind, keyof LabelTables["decisions"]>>;

/** Payments that one thing leads to: an address of a mobile network has thousands, which would tell nothing. */
const perEntity = 12;

type PaymentRow = Awaited<ReturnType<typeof readPayments>>[number];

/**
 * Payments and what they share, breadth first from some payments on: two questions to the lake a step, and never more than the limits. What is nearest
 * comes first, so that a smaller limit shows the nearer part.
 */
export async function network(
  engine: QueryEngine,
  { tenant, payments, depth, limit, signal }: NetworkQuery,
): Promise<Network> {
  const nodes = new Map<string, NetworkNode>();
  const edges = new Map<string, { readonly from: string; readonly to: string }>();
  let truncated = false;
  const ask = { tenant, ...(signal && { signal }) };

  /** Whether the node is there now. */
  function put(node: NetworkNode): boolean {
    if (nodes.has(node.id)) return true;
    if (nodes.size >= limit) {
      truncated = true;
      return false;
    }
    nodes.set(node.id, node);
    return true;
  }

  /** Puts payments and what they have, as far as there is room; gives the entities that were not there before. */
  function take(rows: readonly PaymentRow[], at: number): ReadonlyMap<EntityKind, string[]> {
    const fresh = new Map<EntityKind, string[]>();
    const placed = rows.filter((row) => put(paymentNode(row, at)));
    for (const row of placed)
      for (const kind of entityKinds) {
        const value = row[columnOf[kind]];
        if (value === null || value === "") continue;
        const id = `${kind}:${value}`;
        const isNew = !nodes.has(id);
        if (!put({ id, kind, value, depth: at })) continue;
        const from = `payment:${row.transaction_id}`;
        edges.set(`${from} ${id}`, { from, to: id });
        if (isNew) fresh.set(kind, [...(fresh.get(kind) ?? []), value]);
      }
    return fresh;
  }

  const wanted = payments.slice(0, limit);
  if (wanted.length < payments.length) truncated = true;
  let frontier = take(
    await readPayments(engine, ask, new Map([["transaction_id" as const, wanted]]), limit),
    0,
  );
  for (let step = 1; step <= depth && frontier.size > 0 && nodes.size < limit; step += 1) {
    const columns = new Map([...frontier].map(([kind, values]) => [columnOf[kind], values]));
    const rows = await readPayments(engine, ask, columns, limit * 4);
    if (rows.length >= limit * 4) truncated = true;
    const few = fewEach(rows, frontier);
    if (few.length < rows.length) truncated = true;
    frontier = take(few, step);
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], truncated };
}

/** Of each entity's payments the newest few. */
function fewEach(
  rows: readonly PaymentRow[],
  frontier: ReadonlyMap<EntityKind, readonly string[]>,
): readonly PaymentRow[] {
  const counts = new Map<string, number>();
  return rows.filter((row) => {
    const keys = [...frontier].flatMap(([kind, values]) => {
      const value = row[columnOf[kind]];
      return value !== null && values.includes(value) ? [`${kind}:${value}`] : [];
    });
    const hasRoom = keys.some((key) => (counts.get(key) ?? 0) < perEntity);
    if (hasRoom) for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return hasRoom;
  });
}

async function readPayments(
  engine: QueryEngine,
  ask: { readonly tenant: string; readonly signal?: AbortSignal },
  wanted: ReadonlyMap<"transaction_id" | (typeof columnOf)[EntityKind], readonly string[]>,
  limit: number,
) {
  const query = lake
    .selectFrom("decisions as d")
    .leftJoin(countedWords("payment_id").as("p"), "p.id", "d.transaction_id")
    .select([
      "d.transaction_id",
      "d.event_time",
      "d.customer_id",
      "d.card_id",
      "d.device_id",
      "d.email_key",
      "d.phone_key",
      "d.ip",
      "d.outcome",
      "d.amount",
      "d.currency",
      "p.verdict",
    ])
    .where((eb) =>
      eb.or([...wanted].map(([column, values]) => eb(`d.${column}` as const, "in", values))),
    )
    .orderBy("d.event_time", "desc")
    .orderBy("d.transaction_id")
    .limit(limit);
  return (await queryLake(engine, query, { ...ask, fresh: true, maxRows: limit })).rows;
}

function paymentNode(row: PaymentRow, depth: number): NetworkNode {
  return {
    id: `payment:${row.transaction_id}`,
    kind: "payment",
    value: row.transaction_id,
    depth,
    outcome: row.outcome,
    time: row.event_time,
    ...(row.amount !== null && { amount: row.amount }),
    ...(row.currency !== null && { currency: row.currency }),
    ...(row.verdict !== null && { verdict: row.verdict }),
  };
}
