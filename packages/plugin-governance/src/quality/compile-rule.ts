import type { EventEnvelope, QualityCheck, QualityRule } from "@ecap/sdk";
import { holdsCardNumber } from "./card-number.ts";
import { type FieldReader, fieldReader, isMissing, numberOf } from "./field-path.ts";

/** What a rule says of a value. */
export type Passes = (value: unknown) => boolean;

/** What of the data does not fit its schema, as a path; undefined where it fits or has none. */
export type SchemaProblem = (event: EventEnvelope) => string | undefined;

/** A rule ready to be asked about events. */
export type CompiledRule =
  /** Decided by each value of a field. */
  | {
      readonly kind: "value";
      readonly rule: QualityRule;
      readonly read: FieldReader;
      readonly takesMissing: boolean;
      readonly passes: Passes;
    }
  /** Decided by the event as a whole. */
  | {
      readonly kind: "event";
      readonly rule: QualityRule;
      readonly passes: (event: EventEnvelope) => boolean;
    }
  | { readonly kind: "schema"; readonly rule: QualityRule }
  /** Decided later, by what else is known of the values. */
  | { readonly kind: "deferred"; readonly rule: QualityRule; readonly read: FieldReader };

const patternLength = 4_096;

/** Undefined for what is not asked of single events. */
export function compileRule(rule: QualityRule): CompiledRule | undefined {
  const { check } = rule;
  switch (check.kind) {
    case "schema":
      return { kind: "schema", rule };
    case "completeness":
      return {
        kind: "value",
        rule,
        read: fieldReader(check.field),
        takesMissing: true,
        passes: (value) => !isMissing(value) && !(Array.isArray(value) && value.length === 0),
      };
    case "range":
      return ofValues(rule, check.field, isInRange(check));
    case "pattern": {
      const pattern = new RegExp(check.pattern, "u");
      return ofValues(rule, check.field, (each) => pattern.test(textOf(each)));
    }
    case "allowed": {
      const values = new Set<unknown>(check.values);
      return ofValues(rule, check.field, (each) => values.has(each));
    }
    case "cardNumberFree":
      return ofValues(rule, check.field, (each) => !holdsCardNumber(each));
    case "freshness": {
      const { maxLagMs = Infinity, maxAheadMs = Infinity } = check;
      const passes = ({ time, receivedAt }: EventEnvelope): boolean =>
        receivedAt - time <= maxLagMs && time - receivedAt <= maxAheadMs;
      return { kind: "event", rule, passes };
    }
    case "reference":
    case "uniqueness":
      return { kind: "deferred", rule, read: fieldReader(check.field) };
    case "silence":
    case "volume":
      return undefined;
    default:
      return check satisfies never;
  }
}

function ofValues(rule: QualityRule, field: string, passes: Passes): CompiledRule {
  return { kind: "value", rule, read: fieldReader(field), takesMissing: false, passes };
}

function isInRange(check: QualityCheck & { kind: "range" }): Passes {
  const { min = -Infinity, above = -Infinity, max = Infinity } = check;
  return (each) => {
    const number = numberOf(each);
    return number >= min && number > above && number <= max;
  };
}

function textOf(each: unknown): string {
  if (typeof each === "string") return each.slice(0, patternLength);
  return typeof each === "number" || typeof each === "boolean" ? String(each) : "";
}

/** The field a rule is about; "" for the event as a whole. */
export function fieldOf({ check }: QualityRule): string {
  return "field" in check ? check.field : "";
}
