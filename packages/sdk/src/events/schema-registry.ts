import { z } from "zod";
import { EcapError } from "../errors/ecap-error.ts";
import { type Compatibility, incompatibilities, type JsonSchema } from "./compatibility.ts";
import { type EventDefinition, schemaName } from "./event-definition.ts";

/** The event types of a platform, by name and version. */
export interface SchemaRegistry {
  /** Adds a definition; a further version of a type must be compatible with the one before. Registering the same again changes nothing. */
  register(definition: EventDefinition, options?: { readonly compatibility?: Compatibility }): void;
  /** The named version, or the newest; undefined where there is none. */
  get(type: string, version?: number): EventDefinition | undefined;
  /** The newest definition of the type that goes by this name or alias, whatever its case. */
  resolve(name: string): EventDefinition | undefined;
  /** Every version of every type, by type then version. */
  list(): readonly EventDefinition[];
  /** JSON Schema 2020-12 of the data, made on first use. */
  jsonSchema(definition: EventDefinition): JsonSchema;
}

export function createSchemaRegistry(): SchemaRegistry {
  const versions = new Map<string, EventDefinition[]>();
  const names = new Map<string, string>();
  const jsonSchemas = new WeakMap<EventDefinition, JsonSchema>();

  function jsonSchema(definition: EventDefinition): JsonSchema {
    let made = jsonSchemas.get(definition);
    if (made === undefined) {
      made = z.toJSONSchema(definition.schema, {
        io: "input",
        unrepresentable: "any",
      }) as JsonSchema;
      jsonSchemas.set(definition, made);
    }
    return made;
  }

  function checkCompatible(
    previous: EventDefinition,
    next: EventDefinition,
    compatibility: Compatibility,
  ): void {
    if (compatibility === "none") return;
    const problems = incompatibilities(jsonSchema(previous), jsonSchema(next), compatibility);
    if (problems.length === 0) return;
    throw new EcapError(
      "ECAP_SCHEMA_INCOMPATIBLE",
      `${schemaName(next)} is not ${compatibility} compatible with ${schemaName(previous)}: ${problems.join("; ")}`,
    );
  }

  function claimName(name: string, type: string): void {
    const folded = name.toLowerCase();
    const owner = names.get(folded);
    if (owner !== undefined && owner !== type) {
      throw new EcapError(
        "ECAP_SCHEMA_INCOMPATIBLE",
        `"${name}" already names ${owner} and cannot name ${type} too`,
      );
    }
    names.set(folded, type);
  }

  return {
    register(definition, { compatibility = "backward" } = {}) {
      const known = versions.get(definition.type) ?? [];
      if (known.includes(definition)) return;
      const same = known.find((other) => other.version === definition.version);
      if (same !== undefined) {
        if (JSON.stringify(jsonSchema(same)) === JSON.stringify(jsonSchema(definition))) return;
        throw new EcapError(
          "ECAP_SCHEMA_INCOMPATIBLE",
          `${schemaName(definition)} is registered with another shape; give the change a new version`,
        );
      }
      const previous = known.findLast((other) => other.version < definition.version);
      if (previous !== undefined) checkCompatible(previous, definition, compatibility);
      for (const name of [definition.type, ...(definition.aliases ?? [])])
        claimName(name, definition.type);
      versions.set(
        definition.type,
        [...known, definition].toSorted((a, b) => a.version - b.version),
      );
    },
    get(type, version) {
      const known = versions.get(type);
      return version === undefined
        ? known?.at(-1)
        : known?.find((definition) => definition.version === version);
    },
    resolve(name) {
      const type = versions.has(name) ? name : names.get(name.toLowerCase());
      return type === undefined ? undefined : versions.get(type)?.at(-1);
    },
    list: () => [...versions.keys()].toSorted().flatMap((type) => versions.get(type) ?? []),
    jsonSchema,
  };
}
