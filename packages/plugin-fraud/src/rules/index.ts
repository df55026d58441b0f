export {
  type BacktestOptions,
  type BacktestReport,
  type BacktestRuleSet,
  backtest,
} from "./backtest/backtest.ts";
export type { BacktestRow } from "./backtest/backtest-row.ts";
export type { Confusion, RuleFigures, RuleOverlap } from "./backtest/tally.ts";
export { compileRuleSet, type RuleProblem, readRuleSet } from "./compile-rule-set.ts";
export { defaultPack, standardLists } from "./default-pack.ts";
export { evaluate, type Hit, type Ruling, rulesThatHold, type Thresholds } from "./evaluate.ts";
export {
  type FeatureSubject,
  type Field,
  type FieldSet,
  fieldSet,
  type OwnField,
  type RuleScope,
} from "./field-set.ts";
export { factsFrom, factsOf, fields, paymentFields, type Subject } from "./fields.ts";
export { type Facts, parseExpression, printExpression } from "./language/index.ts";
export type { RuleDesk } from "./rule-desk.ts";
export { type Rule, type RuleSet, type RuleSetDocument, ruleSetSchema } from "./rule-set.ts";
