export * from "./contract.ts";
export { customer } from "./plugin.ts";
export { scoreRfm, type ScoreOptions } from "./rfm/score.ts";
export { segmentOf } from "./rfm/segment.ts";
