import {
  createRecordDecoder,
  createSchemaRegistry,
  type EventEnvelope,
  encodeEvent,
  type NewLogRecord,
} from "@ecap/sdk";
import { count, max, sumMoney, type Topology, topology } from "@ecap/sdk/streams";

export const partitions = 12;
export const countries = 40;

/** The names of one run's topics. */
export interface Topics {
  readonly transactions: string;
  readonly cards: string;
  readonly sink: string;
  readonly table: string;
}

export function topicsOf(run: string): Topics {
  return { transactions: `${run}-tx`, cards: `${run}-cards`, sink: `${run}-sink`, table: run };
}

export const decode = createRecordDecoder(createSchemaRegistry());

/** Transactions, each once within ten minutes, with the country of their card, as revenue and orders a minute and country. */
export function revenueJob(name: string, { transactions, sink, table }: Topics): Topology {
  return topology(name)
    .from({ topics: [transactions] })
    .dedupe({ withinMs: 600_000 })
    .enrich<string>({
      table,
      key: ({ data }) => data["card_id"] as string,
      maxAgeMs: 600_000,
      maxRows: 2_500_000,
      merge: (event, country) => ({
        ...event,
        data: { ...event.data, country: country ?? "none" },
      }),
    })
    .keyBy(({ data }) => data["country"] as string)
    .tumblingWindow({
      sizeMs: 60_000,
      emit: "update",
      aggregate: {
        orders: count,
        revenue: sumMoney(({ data }) => data["amount"] as string),
        newest: max(({ receivedAt }) => receivedAt),
      },
    })
    .to({ topic: sink });
}

/** Card to country, as a table. */
export function cardsJob(name: string, { cards, table }: Topics): Topology {
  return topology(name)
    .from({ topics: [cards] })
    .keyBy(({ data }) => data["card_id"] as string)
    .toTable({ table, partitions: 4, value: ({ data }) => data["country"] });
}

export function cardRecord(card: number): NewLogRecord {
  const card_id = `card-${card}`;
  const data = { card_id, country: countryOf(card) };
  return {
    ...encodeEvent(envelope(`c${card}`, "card.issued", 1_700_000_000_000, data)),
    key: card_id,
  };
}

export function countryOf(card: number): string {
  return `C${(card * 7919) % countries}`;
}

const utf8 = new TextEncoder();
const pad = "x".repeat(30);

/** The i-th transaction, about 300 bytes; one in a hundred repeats the one a thousand before it. */
export function transactionRecord(
  i: number,
  { cards, time }: { readonly cards: number; readonly time: number },
): NewLogRecord {
  const n = i % 100 === 99 && i > 1_000 ? i - 1_000 : i;
  const card = Math.imul(n, 2654435761) >>> 0;
  const card_id = `card-${card % cards}`;
  const cents = 100 + (n % 9_900);
  const amount = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
  const at = new Date(time).toISOString();
  const text = `{"specversion":"1.0","id":"tx-${n}-018f6b5e-7d3c-7c4e","type":"transaction.made","time":"${at}","actor":{"customerId":"customer-${n % cards}"},"context":{},"data":{"card_id":"${card_id}","amount":"${amount}","currency":"EUR","method":"card","note":"${pad}"}}`;
  return { key: card_id, value: utf8.encode(text), headers: headersAt(time), timestamp: time };
}

let headersTime = 0;
let headers: Readonly<Record<string, string>> = {};

/** One object for all records of a moment, as the collector does for a batch. */
function headersAt(time: number): Readonly<Record<string, string>> {
  if (time !== headersTime) {
    headersTime = time;
    headers = { tenant: "acme", source: "bench", dialect: "ecap", receivedat: String(time) };
  }
  return headers;
}

function envelope(
  id: string,
  type: string,
  time: number,
  data: Record<string, unknown>,
): EventEnvelope {
  return {
    id,
    type,
    source: "bench",
    tenant: "acme",
    time,
    receivedAt: time,
    actor: {},
    context: {},
    data,
  };
}
