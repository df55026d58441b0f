export * from "./contract.ts";
export { customer } from "./plugin.ts";
export { type ScoreOptions, scoreRfm } from "./rfm/score.ts";
export { segmentOf } from "./rfm/segment.ts";
