import type { EventEnvelope } from "@ecap/sdk";

/** Values looked at of one field of one event. */
const maxValues = 1_000;

/** Calls `visit` with each value the field has in the event, in order: once with what is there or undefined, for each element where the path goes through an array. */
export type FieldReader = (event: EventEnvelope, visit: (value: unknown) => void) => void;

/** A path as rules write it: `order_id`, `products[].price`, `@actor.customerId`. */
export function fieldReader(path: string): FieldReader {
  const isOfEnvelope = path.startsWith("@");
  const [name = "", ...rest] = (isOfEnvelope ? path.slice(1) : path).split(".");
  const root = (event: EventEnvelope): unknown => (isOfEnvelope ? event : event.data);
  if (rest.length === 0 && !name.endsWith("[]")) {
    return (event, visit) => visit(member(root(event), name));
  }
  const steps = [name, ...rest].map((step) =>
    step.endsWith("[]") ? { name: step.slice(0, -2), many: true } : { name: step, many: false },
  );
  return (event, visit) => {
    let left = maxValues;
    const walk = (value: unknown, at: number): void => {
      const step = steps[at];
      if (step === undefined) {
        if (left > 0) visit(value);
        left -= 1;
        return;
      }
      const found = member(value, step.name);
      if (!step.many) return walk(found, at + 1);
      if (!Array.isArray(found)) return;
      for (const element of found) {
        if (left <= 0) return;
        walk(element, at + 1);
      }
    };
    walk(root(event), 0);
  };
}

/** Own members only: a field named `constructor` is absent unless the sender gave one. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

/** Absent, null and empty text say nothing. */
export function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** A finite number, or one written as text; NaN otherwise. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value !== "string" || value.length > 32 || !decimal.test(value)) return Number.NaN;
  return Number(value);
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
