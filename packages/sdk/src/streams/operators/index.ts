import type { Operator, Place } from "../engine/operator.ts";
import type { EnrichSettings, TopologyNode } from "../nodes.ts";
import type { TableReader } from "../table-reader.ts";
import { dedupeOperator } from "./dedupe-operator.ts";
import { routeOperator, sinkOperator, tableOperator, throughOperator } from "./ends.ts";
import { enrichOperator } from "./enrich-operator.ts";
import { hoppingWindows } from "./hopping-windows.ts";
import { joinOperator } from "./join-operator.ts";
import { processOperator } from "./process-operator.ts";
import { sessionWindows } from "./session-windows.ts";
import { slidingWindows } from "./sliding-windows.ts";
import { filterOperator, flatMapOperator, keyOperator, mapOperator } from "./stateless.ts";

export interface OperatorSurroundings {
  readonly place: Place;
  readonly tableOf: (settings: EnrichSettings) => TableReader;
  /** Partitions of a topic. */
  readonly partitionsOf: (topic: string) => number;
}

/** What runs a node on one partition. */
export function operatorOf(node: TopologyNode, around: OperatorSurroundings): Operator {
  const { place, tableOf, partitionsOf } = around;
  switch (node.kind) {
    case "filter":
      return filterOperator(node.keep);
    case "map":
      return mapOperator(node.change);
    case "flatMap":
      return flatMapOperator(node.split);
    case "key":
      return keyOperator(node.key);
    case "dedupe":
      return dedupeOperator(node);
    case "enrich":
      return enrichOperator(node, tableOf(node));
    case "window":
      return windowOperator(node, place);
    case "join":
      return joinOperator(node, place);
    case "sink":
      return sinkOperator(node.topic, place);
    case "route":
      return routeOperator(node.routes, place);
    case "through":
      return throughOperator(
        { topic: node.topic, side: node.side, partitions: partitionsOf(node.topic) },
        place,
      );
    case "table":
      return tableOperator(node);
    case "process":
      return processOperator(node.process, place);
    default:
      return node satisfies never;
  }
}

function windowOperator(node: TopologyNode & { kind: "window" }, place: Place): Operator {
  const { shape } = node;
  switch (shape.kind) {
    case "hopping":
      return hoppingWindows(shape, node, place);
    case "session":
      return sessionWindows(shape, node, place);
    case "sliding":
      return slidingWindows(shape, node, place);
    default:
      return shape satisfies never;
  }
}
