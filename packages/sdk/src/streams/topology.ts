import { EcapError } from "../errors/ecap-error.ts";
import type { EventEnvelope } from "../events/envelope.ts";
import type { TopicSpec } from "../ports/event-log.ts";
import type {
  DedupeSettings,
  EnrichSettings,
  JoinSettings,
  JoinSide,
  ProcessStep,
  Route,
  TableSettings,
  TopologyNode,
  WindowSettings,
  WindowShape,
} from "./nodes.ts";
import { tableLeg, tableTopic } from "./table-reader.ts";

export interface Source {
  readonly topics: readonly string[];
  /** A partition that was read to its end and stays silent this long no longer keeps legs waiting that wait for all partitions, and from then
   * on its event time goes on with the clock, which closes its windows. Default 30,000; Infinity: only events move time. */
  readonly idleAfterMs?: number;
}

/** A stretch of a topology that one consumer group runs, from topics to what it ends in. */
export interface Leg {
  /** The topology's name for the first, then `<name>.2` and so on, `table.<table>` where a table is kept; part of its state's keys and of derived ids. */
  readonly name: string;
  readonly source: Source;
  readonly nodes: readonly TopologyNode[];
}

/** What is done to the events of some topics, as data: an engine runs it. */
export interface Topology {
  readonly name: string;
  /** Each after those it reads from. */
  readonly legs: readonly Leg[];
  /** Topics between legs; the engine makes them. */
  readonly intermediate: Readonly<Record<string, TopicSpec>>;
}

export interface RekeySettings {
  /** Of the intermediate topic. Default 4. */
  readonly partitions?: number;
}

/**
 * A topology under construction; each step gives a new one.
 *
 * A window, join or table row belongs to one tenant, key and partition of the input. Where the key is not what the topic is partitioned by,
 * `rekey` sends events through an intermediate topic that is; without it each result of a window is its partition's share, and the shares merge.
 */
export interface TopologyBuilder {
  readonly name: string;
  filter(keep: (event: EventEnvelope) => boolean): TopologyBuilder;
  map(change: (event: EventEnvelope) => EventEnvelope): TopologyBuilder;
  /** Any number of events for one; each gets an id of its own, derived from its parent's. */
  flatMap(split: (event: EventEnvelope) => readonly EventEnvelope[]): TopologyBuilder;
  /** Events without a key are left out. */
  keyBy(key: (event: EventEnvelope) => string | undefined): TopologyBuilder;
  /** Lets each id through once. Duplicates are recognised within a partition. */
  dedupe(settings: DedupeSettings): TopologyBuilder;
  enrich<Row>(settings: EnrichSettings<Row>): TopologyBuilder;
  /** Sends events, by their key, through a topic of this topology's own, so that all of one key meet in one partition. */
  rekey(settings?: RekeySettings): TopologyBuilder;
  /** Results are events of type `<topology>.window` with the key, the window's bounds and the aggregates in `data`. */
  tumblingWindow(settings: WindowSettings & { readonly sizeMs: number }): TopologyBuilder;
  hoppingWindow(
    settings: WindowSettings & { readonly sizeMs: number; readonly everyMs: number },
  ): TopologyBuilder;
  slidingWindow(settings: WindowSettings & { readonly sizeMs: number }): TopologyBuilder;
  sessionWindow(settings: WindowSettings & { readonly gapMs: number }): TopologyBuilder;
  /** Pairs events of two keyed streams that have the same tenant and key and are near in time. Both go through one intermediate topic,
   * whose order makes every replay pair the same. */
  join(right: TopologyBuilder, settings: JoinSettings & RekeySettings): TopologyBuilder;
  to(sink: { readonly topic: string }): Topology;
  /** Each event to the first topic that takes it; one that none takes is left out. */
  route(routes: readonly Route[]): Topology;
  /** Keeps the newest event of each key as a row that `enrich` finds. */
  toTable(settings: TableSettings & RekeySettings): Topology;
  /** Anything else. Runs in Node only: a topology with it is not portable to other engines. */
  process(step: ProcessStep): Topology;
}

/** Starts a topology; its name is part of its state's keys and of derived ids, so it stays as it is. */
export function topology(name: string): { from(source: Source): TopologyBuilder } {
  if (!validName.test(name)) throw invalid(name, "a name of a-z, 0-9, . _ -");
  return {
    from(source) {
      if (source.topics.length === 0) throw invalid(name, "at least one topic");
      return new Builder({ name, done: [], source, nodes: [], intermediate: {} });
    },
  };
}

/** Legs that are finished, and the one that is not. */
interface Draft {
  readonly name: string;
  readonly done: ReadonlyArray<Omit<Leg, "name">>;
  readonly source: Source;
  readonly nodes: readonly TopologyNode[];
  readonly intermediate: Readonly<Record<string, TopicSpec>>;
}

const validName = /^[a-z0-9][a-z0-9._-]*$/;
const intermediateRetentionMs = 7 * 86_400_000;
const maxHops = 1_000;

class Builder implements TopologyBuilder {
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  get name(): string {
    return this.#draft.name;
  }

  filter(keep: (event: EventEnvelope) => boolean): TopologyBuilder {
    return this.#then({ kind: "filter", keep });
  }

  map(change: (event: EventEnvelope) => EventEnvelope): TopologyBuilder {
    return this.#then({ kind: "map", change });
  }

  flatMap(split: (event: EventEnvelope) => readonly EventEnvelope[]): TopologyBuilder {
    return this.#then({ kind: "flatMap", split });
  }

  keyBy(key: (event: EventEnvelope) => string | undefined): TopologyBuilder {
    return this.#then({ kind: "key", key });
  }

  dedupe(settings: DedupeSettings): TopologyBuilder {
    this.#demand(settings.withinMs > 0, "a horizon (withinMs) above 0 to dedupe within");
    return this.#then({ kind: "dedupe", ...settings });
  }

  enrich<Row>(settings: EnrichSettings<Row>): TopologyBuilder {
    const merge = (event: EventEnvelope, row: unknown): EventEnvelope =>
      settings.merge(event, row as Row | undefined);
    return this.#then({ kind: "enrich", ...settings, merge });
  }

  rekey({ partitions = 4 }: RekeySettings = {}): TopologyBuilder {
    this.#demandKey("rekey");
    const topic = this.#nextTopic();
    const before = this.#ended({ kind: "through", topic });
    return this.#after([before], topic, partitions, []);
  }

  tumblingWindow({ sizeMs, ...rest }: WindowSettings & { sizeMs: number }): TopologyBuilder {
    return this.#window({ kind: "hopping", sizeMs, everyMs: sizeMs }, rest);
  }

  hoppingWindow({
    sizeMs,
    everyMs,
    ...rest
  }: WindowSettings & { sizeMs: number; everyMs: number }): TopologyBuilder {
    return this.#window({ kind: "hopping", sizeMs, everyMs }, rest);
  }

  slidingWindow({ sizeMs, ...rest }: WindowSettings & { sizeMs: number }): TopologyBuilder {
    return this.#window({ kind: "sliding", sizeMs }, rest);
  }

  sessionWindow({ gapMs, ...rest }: WindowSettings & { gapMs: number }): TopologyBuilder {
    return this.#window({ kind: "session", gapMs }, rest);
  }

  join(
    right: TopologyBuilder,
    { partitions = 4, ...settings }: JoinSettings & RekeySettings,
  ): TopologyBuilder {
    this.#demand(settings.withinMs >= 0, "a join with withinMs of 0 or more");
    if (!(right instanceof Builder)) throw invalid(this.name, "a builder to join with");
    this.#demand(right.name !== this.name, "another name than the stream it is joined with");
    this.#demandKey("join");
    right.#demandKey("join");
    const topic = this.#nextTopic();
    const through = (side: JoinSide): TopologyNode => ({ kind: "through", topic, side });
    const legs = [this.#ended(through("left")), right.#ended(through("right"))];
    return this.#after(legs, topic, partitions, [{ kind: "join", ...settings }], right.#draft);
  }

  to({ topic }: { readonly topic: string }): Topology {
    return this.#finish({ kind: "sink", topic });
  }

  route(routes: readonly Route[]): Topology {
    this.#demand(routes.length > 0, "at least one route");
    return this.#finish({ kind: "route", routes });
  }

  toTable({ partitions = 4, ...settings }: TableSettings & RekeySettings): Topology {
    this.#demandKey("toTable");
    const { table } = settings;
    this.#demand(validName.test(table), "a table name of a-z, 0-9, . _ -");
    const topic = tableTopic(table);
    const rows = this.#after([this.#ended({ kind: "through", topic })], topic, partitions, []);
    return rows.#finish({ kind: "table", ...settings }, tableLeg(table));
  }

  process(process: ProcessStep): Topology {
    return this.#finish({ kind: "process", process });
  }

  #window(shape: WindowShape, settings: WindowSettings): TopologyBuilder {
    const lengths =
      shape.kind === "session"
        ? [shape.gapMs]
        : shape.kind === "sliding"
          ? [shape.sizeMs]
          : [shape.sizeMs, shape.everyMs];
    this.#demand(
      lengths.every((ms) => ms > 0 && Number.isFinite(ms)),
      "a window of a positive size",
    );
    if (shape.kind === "hopping") {
      const hops = shape.sizeMs / shape.everyMs;
      this.#demand(hops >= 1 && hops <= maxHops, `a hop of a ${maxHops}th of the window at least`);
    } else {
      this.#demand(settings.emit !== "update", `emit "close" on a ${shape.kind} window`);
    }
    this.#demand((settings.allowedLatenessMs ?? 0) >= 0, "an allowed lateness of 0 or more");
    return this.#then({ kind: "window", shape, ...settings });
  }

  #then(node: TopologyNode): TopologyBuilder {
    return new Builder({ ...this.#draft, nodes: [...this.#draft.nodes, node] });
  }

  #ended(node: TopologyNode): Omit<Leg, "name"> {
    const { source, nodes } = this.#draft;
    return { source, nodes: [...nodes, node] };
  }

  #after(
    ended: ReadonlyArray<Omit<Leg, "name">>,
    topic: string,
    partitions: number,
    nodes: readonly TopologyNode[],
    other?: Draft,
  ): Builder {
    this.#demand(Number.isInteger(partitions) && partitions > 0, "a whole number of partitions");
    const { name, done, source, intermediate } = this.#draft;
    const spec = { partitions, retentionMs: intermediateRetentionMs };
    return new Builder({
      name,
      done: [...done, ...(other?.done ?? []), ...ended],
      source: { topics: [topic], idleAfterMs: source.idleAfterMs },
      nodes,
      intermediate: { ...intermediate, ...other?.intermediate, [topic]: spec },
    });
  }

  #finish(node: TopologyNode, lastLeg?: string): Topology {
    const { name, done, intermediate } = this.#draft;
    const legs = [...done, this.#ended(node)].map((leg, i) => ({
      name:
        i === 0 ? name : i === done.length && lastLeg !== undefined ? lastLeg : `${name}.${i + 1}`,
      ...leg,
    }));
    return { name, legs, intermediate };
  }

  #nextTopic(): string {
    return `${this.name}.through-${Object.keys(this.#draft.intermediate).length + 1}`;
  }

  #demandKey(step: string): void {
    const { nodes, source, intermediate } = this.#draft;
    const keyed =
      nodes.some(({ kind }) => kind === "key" || kind === "window") ||
      source.topics.every((topic) => topic in intermediate);
    this.#demand(keyed, `keyBy before ${step}`);
  }

  #demand(holds: boolean, what: string): void {
    if (!holds) throw invalid(this.name, what);
  }
}

function invalid(name: string, needs: string): EcapError {
  return new EcapError("ECAP_CONFIG_INVALID", `topology "${name}" needs ${needs}`);
}
