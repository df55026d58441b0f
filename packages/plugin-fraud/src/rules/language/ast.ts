import type { Place } from "./expression-error.ts";
import type { Type } from "./types.ts";

export const comparisons = ["==", "!=", "<", "<=", ">", ">="] as const;
export const textTests = ["contains", "starts with", "ends with", "matches"] as const;
export const arithmetic = ["+", "-", "*", "/", "%"] as const;

export type Comparison = (typeof comparisons)[number];
export type TextTest = (typeof textTests)[number];
export type Arithmetic = (typeof arithmetic)[number];
export type BinaryOperator = Comparison | TextTest | Arithmetic;

interface Node {
  readonly place: Place;
}

/** An expression as it is written. */
export type Expression = Node &
  (
    | { readonly kind: "number"; readonly value: number }
    | { readonly kind: "duration"; readonly value: number }
    | { readonly kind: "text"; readonly value: string }
    | { readonly kind: "truth"; readonly value: boolean }
    | { readonly kind: "name"; readonly name: string }
    | { readonly kind: "not"; readonly operand: Expression }
    | { readonly kind: "negate"; readonly operand: Expression }
    | { readonly kind: "and" | "or"; readonly operands: readonly Expression[] }
    | {
        readonly kind: "binary";
        readonly operator: BinaryOperator;
        readonly left: Expression;
        readonly right: Expression;
      }
    | {
        readonly kind: "in";
        readonly operand: Expression;
        readonly negated: boolean;
        readonly set: MemberSet;
      }
    | { readonly kind: "call"; readonly name: string; readonly operands: readonly Expression[] }
  );

export type MemberSet =
  | { readonly kind: "values"; readonly values: readonly (string | number)[] }
  | { readonly kind: "list"; readonly name: string };

/** An expression whose names and types are known to be right. */
export type Checked = { readonly type: Type } & (
  | { readonly kind: "constant"; readonly value: number | string | boolean }
  | { readonly kind: "field"; readonly slot: number }
  | { readonly kind: "not" | "negate" | "known"; readonly operand: Checked }
  | { readonly kind: "and" | "or"; readonly operands: readonly Checked[] }
  | {
      readonly kind: "comparison";
      readonly operator: Comparison;
      readonly left: Checked;
      readonly right: Checked;
    }
  | {
      readonly kind: "arithmetic";
      readonly operator: Arithmetic;
      readonly left: Checked;
      readonly right: Checked;
    }
  | {
      readonly kind: "text-test";
      readonly operator: Exclude<TextTest, "matches">;
      readonly left: Checked;
      readonly right: Checked;
    }
  | { readonly kind: "matches"; readonly operand: Checked; readonly pattern: string }
  | {
      readonly kind: "in";
      readonly operand: Checked;
      readonly negated: boolean;
      readonly set: MemberSet;
    }
  | {
      readonly kind: "if";
      readonly condition: Checked;
      readonly value: Checked;
      readonly otherwise: Checked;
    }
  | { readonly kind: "default"; readonly operand: Checked; readonly otherwise: Checked }
  | {
      readonly kind: "call";
      /** Missing where an operand is missing. */
      readonly apply: (...values: readonly never[]) => number | string | undefined;
      readonly operands: readonly Checked[];
    }
);
