import type { QueryEngine } from "@ecap/sdk";
import { queryLake } from "@ecap/sdk/sql";
import { lake, newestWords } from "./labelled-decisions.ts";
import { type Verdict, verdicts, voiceOf, type Word } from "./verdicts.ts";

/** The newest word of each voice on each of the payments, at most a thousand. Labels that name an order alone count where the payment's order is given. */
export async function wordsOn(
  engine: QueryEngine,
  tenant: string,
  payments: ReadonlyArray<{ readonly id: string; readonly orderId: string | null }>,
): Promise<ReadonlyMap<string, readonly Word[]>> {
  const some = payments.slice(0, 1_000);
  const orders = some.flatMap(({ orderId }) => orderId ?? []);
  const read = async (key: "payment_id" | "order_id", ids: readonly string[]) => {
    if (ids.length === 0) return [];
    const query = lake
      .selectFrom(newestWords(key).as("w"))
      .selectAll()
      .where("w.nth", "=", 1)
      .where("w.id", "in", ids);
    return (await queryLake(engine, query, { tenant, fresh: true })).rows;
  };
  const [ofPayments, ofOrders] = await Promise.all([
    read(
      "payment_id",
      some.map(({ id }) => id),
    ),
    read("order_id", orders),
  ]);
  const found = new Map<string, Word[]>();
  for (const { id, orderId } of some) {
    const rows = [
      ...ofPayments.filter((row) => row.id === id),
      ...ofOrders.filter((row) => row.id === orderId),
    ];
    if (rows.length > 0) found.set(id, rows.map(toWord));
  }
  return found;
}

function toWord(row: {
  readonly voice: string | null;
  readonly verdict: string | null;
  readonly known_at: string;
  readonly labelled_by: string | null;
}): Word {
  const verdict = verdicts.find((each) => each === row.verdict) ?? ("unsure" satisfies Verdict);
  return {
    verdict,
    voice: voiceOf(row.voice),
    knownAt: Date.parse(row.known_at),
    ...(row.labelled_by !== null && { by: row.labelled_by }),
  };
}
