export { compileRuleSet, type RuleProblem, readRuleSet } from "./compile-rule-set.ts";
export { defaultPack, standardLists } from "./default-pack.ts";
export { evaluate, type Hit, type Ruling, rulesThatHold, type Thresholds } from "./evaluate.ts";
export { type Field, factsFrom, factsOf, fields, type Subject } from "./fields.ts";
export { type Facts, parseExpression, printExpression } from "./language/index.ts";
export type { RuleDesk } from "./rule-desk.ts";
export { type Rule, type RuleSet, type RuleSetDocument, ruleSetSchema } from "./rule-set.ts";
