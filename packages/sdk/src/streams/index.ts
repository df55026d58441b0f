export {
  type Aggregate,
  approxDistinct,
  approxQuantiles,
  count,
  first,
  last,
  max,
  mean,
  min,
  sum,
  sumMoney,
  variance,
} from "./aggregates.ts";
export * from "./derived-id.ts";
export type {
  DedupeSettings,
  EnrichSettings,
  JoinSettings,
  ProcessContext,
  ProcessStep,
  Route,
  TableSettings,
  TopologyNode,
  WindowSettings,
  WindowShape,
} from "./nodes.ts";
export * from "./outbox-committer.ts";
export * from "./run-topology.ts";
export { type TableReader, tableReader } from "./table-reader.ts";
export * from "./topology.ts";
export * from "./topology-status.ts";
