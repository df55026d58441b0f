import { performance } from "node:perf_hooks";
import type { RecordDecoder } from "../events/record-codec.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { TableRead } from "../ports/query-engine.ts";
import type { TableStore } from "../ports/table-store.ts";
import { bronzeTableName } from "./bronze-table.ts";
import { bronzeSource, type RowSource, type RowsWanted, typedSource } from "./fresh-rows.ts";
import type { LakeTable } from "./lake-table.ts";
import { sinkOffsets } from "./sink-transactions.ts";
import { type TailEvent, type TailLimits, topicTail } from "./topic-tail.ts";

export interface FreshReadsOptions {
  readonly topics: readonly string[];
  readonly tables: readonly LakeTable[];
  readonly eventLog: EventLog;
  readonly tableStore: TableStore;
  readonly decode: RecordDecoder;
  readonly clock: Clock;
  readonly limits?: Partial<TailLimits>;
  /** Queries this close to one another share one look at the log. Default 250. */
  readonly sharedMs?: number;
}

export interface FreshRead {
  readonly read: TableRead;
  /** Epoch milliseconds: every event accepted before is in it. */
  readonly asOf: number;
}

/** Tables with what they lack of what the log holds: the rows that the sinks will write after the version that is read. */
export interface FreshReads {
  /** The table at its newest version with the tenant's rows that follow; undefined where the log holds more of them than is read along. A table that no topic feeds is read as it is. */
  of(table: string, tenant: string): Promise<FreshRead | undefined>;
}

/** What a topic's tail was at one moment. */
interface Moment {
  readonly asOf: number;
  /** Offsets that all tables of the topic hold everything before, by partition. */
  readonly written: ReadonlyMap<number, number>;
  readonly events: readonly TailEvent[] | undefined;
}

interface Feed {
  readonly source: RowSource;
  readonly moment: Moment;
  readonly events: readonly TailEvent[];
}

export function freshReads(options: FreshReadsOptions): FreshReads {
  const { tableStore, clock, sharedMs = 250 } = options;
  const tails = new Map(options.topics.map((topic) => [topic, topicTail({ ...options, topic })]));
  const sources = sourcesOf(options);
  const moments = new Map<string, { readonly moment: Promise<Moment>; readonly until: number }>();

  /** The bronze table is read before the log and before any other table, so that nothing it holds can be missing in those. */
  async function look(topic: string): Promise<Moment> {
    const { transactions } = await tableStore.snapshot(bronzeTableName(topic));
    const written = sinkOffsets(topic, transactions);
    const asOf = clock.now();
    return { asOf, written, events: await tails.get(topic)?.read(written) };
  }

  /** One look at a time, each used by all who ask during it and shortly after. */
  function momentOf(topic: string): Promise<Moment> {
    const known = moments.get(topic);
    if (known !== undefined && performance.now() < known.until) return known.moment;
    const moment = look(topic);
    moments.set(topic, { moment, until: Number.POSITIVE_INFINITY });
    moment.then(
      () => moments.set(topic, { moment, until: performance.now() + sharedMs }),
      () => moments.delete(topic),
    );
    return moment;
  }

  /** The table's snapshot is younger than the looks, so what they call written is in it. */
  async function readTable(
    feeds: readonly Feed[],
    { table, tenant }: { readonly table: string; readonly tenant: string },
  ): Promise<TableRead> {
    const { version, transactions } = await tableStore.snapshot(table);
    const parts = feeds.map(({ source, moment, events }) => {
      const own = sinkOffsets(source.topic, transactions);
      const writtenTo: RowsWanted["writtenTo"] = (partition) =>
        Math.max(own.get(partition) ?? 0, moment.written.get(partition) ?? 0);
      return source.rows(events, { tenant, version, writtenTo });
    });
    const filled = (await Promise.all(parts)).filter((rows) => rows.length > 0);
    const [first] = filled;
    if (first === undefined) return { version };
    return { version, rows: filled.length === 1 ? first : filled.flat() };
  }

  return {
    async of(table, tenant) {
      const feeds: Feed[] = [];
      for (const source of sources.get(table) ?? []) {
        const moment = await momentOf(source.topic);
        if (moment.events === undefined) return undefined;
        feeds.push({ source, moment, events: moment.events });
      }
      if (feeds.length === 0) return { read: {}, asOf: clock.now() };
      return {
        read: await readTable(feeds, { table, tenant }),
        asOf: Math.min(...feeds.map(({ moment }) => moment.asOf)),
      };
    },
  };
}

/** Where the rows of each table come from, by its name. */
function sourcesOf({
  topics,
  tables,
}: FreshReadsOptions): ReadonlyMap<string, readonly RowSource[]> {
  const fed = (table: LakeTable): readonly string[] =>
    topics.filter((topic) => table.from.some((source) => source.topic === topic));
  return new Map<string, readonly RowSource[]>([
    ...topics.map((topic) => [bronzeTableName(topic), [bronzeSource(topic)]] as const),
    ...tables.map(
      (table) => [table.name, fed(table).map((topic) => typedSource(table, topic))] as const,
    ),
  ]);
}
