import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { JsonSchema } from "../events/compatibility.ts";
import type { EventDefinition } from "../events/event-definition.ts";
import type { SchemaRegistry } from "../events/schema-registry.ts";

export interface FieldProblem {
  /** JSON pointer into `data`. */
  readonly path: string;
  readonly message: string;
}

export interface Validators {
  /** What is wrong with the data, or undefined where it is valid. */
  check(definition: EventDefinition, data: unknown): FieldProblem | undefined;
  /** The first property of the data that the schema does not know. */
  unplanned(
    definition: EventDefinition,
    data: Readonly<Record<string, unknown>>,
  ): string | undefined;
}

/**
 * Validators compiled from the JSON Schema of each event on its first use. They only ever say yes faster: what the compiled one refuses, the zod schema
 * decides and explains.
 */
export function createValidators(registry: SchemaRegistry): Validators {
  const ajv = new Ajv2020({ strict: false, strictNumbers: true, allErrors: false });
  formats.default(ajv, { mode: "fast" });
  const compiled = new WeakMap<EventDefinition, ValidateFunction>();

  function validatorOf(definition: EventDefinition): ValidateFunction {
    let validate = compiled.get(definition);
    if (validate === undefined) {
      validate = ajv.compile(withoutRedundantPatterns(registry.jsonSchema(definition)));
      compiled.set(definition, validate);
    }
    return validate;
  }

  return {
    check(definition, data) {
      if (validatorOf(definition)(data)) return undefined;
      const parsed = definition.schema.safeParse(data);
      if (parsed.success) return undefined;
      const issue = parsed.error.issues[0];
      return { path: pointer(issue?.path ?? []), message: issue?.message ?? "invalid" };
    },
    unplanned(definition, data) {
      const properties = registry.jsonSchema(definition).properties ?? {};
      for (const name in data) if (!Object.hasOwn(properties, name)) return name;
      return undefined;
    },
  };
}

/** zod writes a long `pattern` beside every `format`; the format alone is several times faster. */
function withoutRedundantPatterns(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value === "object" && value !== null && "format" in value && "pattern" in value) {
      const { pattern: _pattern, ...rest } = value;
      return rest;
    }
    return value;
  }) as JsonSchema;
}

export function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}
