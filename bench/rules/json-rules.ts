import { parseExpression, printExpression } from "@ecap/plugin-fraud";
import { type ConditionProperties, Engine, type TopLevelCondition } from "json-rules-engine";
import { type Payment, rules } from "./hundred-rules.ts";

type Expression = ReturnType<typeof parseExpression>;
type Condition = TopLevelCondition | ConditionProperties;

const operators: Readonly<Record<string, string>> = {
  "==": "equal",
  "!=": "notEqual",
  "<": "lessThan",
  "<=": "lessThanInclusive",
  ">": "greaterThan",
  ">=": "greaterThanInclusive",
};

/** The same rules in json-rules-engine. What its operators cannot say is a fact that calls the hand-written closure. */
export function jsonRules(): (payment: Payment) => Promise<number> {
  const engine = new Engine([], { allowUndefinedFacts: true });
  rules.forEach(([when, holds], i) => {
    const condition = toCondition(parseExpression(when));
    const fact = `rule-${i}`;
    if (condition === undefined)
      engine.addFact(fact, async (_, almanac) =>
        holds(await almanac.factValue<Payment>("payment")),
      );
    const all = [condition ?? { fact, operator: "equal", value: true }];
    engine.addRule({ conditions: { all }, event: { type: String(i) } });
  });
  return async (payment) => {
    const { features, transaction, modelScore } = payment;
    const facts = { ...features, payment, ...transaction, modelScore: modelScore ?? -1 };
    return (await engine.run(facts)).results.length;
  };
}

const names: Readonly<Record<string, string>> = {
  "payment.amount": "amount",
  "payment.country": "country",
  "model.score": "modelScore",
};

function toCondition(expression: Expression): Condition | undefined {
  if (expression.kind === "and" || expression.kind === "or") {
    const inner = expression.operands.map(toCondition);
    if (inner.includes(undefined)) return undefined;
    const conditions = inner as Condition[];
    return expression.kind === "and" ? { all: conditions } : { any: conditions };
  }
  if (
    expression.kind === "in" &&
    expression.operand.kind === "name" &&
    expression.set.kind === "values"
  )
    return { fact: factOf(expression.operand), operator: "in", value: expression.set.values };
  if (expression.kind !== "binary" || expression.left.kind !== "name") return undefined;
  const operator = operators[expression.operator];
  if (operator === undefined || expression.right.kind !== "number") return undefined;
  return { fact: factOf(expression.left), operator, value: expression.right.value };
}

function factOf(name: Expression): string {
  const text = printExpression(name);
  return names[text] ?? text.replace(".", "_");
}
