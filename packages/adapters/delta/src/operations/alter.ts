import { randomUUID } from "node:crypto";
import { type Column, EcapError } from "@ecap/sdk";
import { changeColumns, changeFeedProperty } from "../changes/change-data.ts";
import { checkConstraints, constraintPrefix } from "../files/constraints.ts";
import {
  type Definition,
  isMapped,
  type SchemaField,
  schemaFields,
} from "../files/table-fields.ts";
import type { MetaDataAction } from "../format/actions.ts";
import { isWritableType } from "../format/schema.ts";
import { isWidening } from "../format/type-changes.ts";
import { isOn } from "../table/table-properties.ts";
import { withFeature } from "../table/writable.ts";
import { maxColumnId, withColumnIds } from "./column-ids.ts";

/** A change of the definition; throws ECAP_TABLE_SCHEMA where the table cannot have it. */
export type Alteration = (definition: Definition) => Definition;

/** Adds columns at the end; rows that are there have NULL in them. */
export const addColumns = (columns: readonly Column[]): Alteration => {
  return (definition) => {
    const { metaData, protocol } = definition;
    const mapped = isMapped(definition);
    const fields = [...schemaFields(metaData)];
    let nextId = maxColumnId(metaData) + 1;
    for (const { name, type, nullable = true, description } of columns) {
      if (findField(fields, name)) throw invalid(name, "is there already");
      if (!nullable) throw invalid(name, "must be nullable, as the rows that are there lack it");
      if (!isWritableType(type)) throw invalid(name, "has an unknown type");
      checkName(name, mapped);
      const comment = description === undefined ? {} : { comment: description };
      const mapping = mapped ? columnMapping(nextId++, `col-${randomUUID()}`) : {};
      fields.push({ name, type, nullable, metadata: { ...comment, ...mapping } });
    }
    return { metaData: withFields(metaData, fields), protocol };
  };
};

/** Gives a column a wider type; files keep what they have. */
export const widenColumn = (column: string, type: string): Alteration => {
  return ({ metaData, protocol }) => {
    const fields = schemaFields(metaData);
    const field = fieldOf(fields, column);
    if (typeof field.type !== "string" || field.type === type || !isWidening(field.type, type)) {
      throw invalid(column, `is a ${JSON.stringify(field.type)}, which ${type} does not widen`);
    }
    const before = field.metadata["delta.typeChanges"];
    const changes = [
      ...(Array.isArray(before) ? (before as unknown[]) : []),
      { fromType: field.type, toType: type },
    ];
    const wider = { ...field, type, metadata: { ...field.metadata, "delta.typeChanges": changes } };
    const widened = withFields(metaData, replaceField(fields, field, wider));
    return {
      metaData: withProperties(widened, { "delta.enableTypeWidening": "true" }),
      protocol: withFeature(
        type === "timestamp_ntz" ? withFeature(protocol, "timestampNtz") : protocol,
        "typeWidening",
      ),
    };
  };
};

/** Gives a column another name; files keep the one they know. */
export const renameColumn = (column: string, name: string): Alteration => {
  return (definition) => {
    const { metaData, protocol } = withColumnMapping(definition);
    const fields = schemaFields(metaData);
    const field = fieldOf(fields, column);
    checkUnconstrained(metaData, column);
    const other = findField(fields, name);
    if (other && other !== field) throw invalid(name, "is there already");
    checkName(name, true);
    const renamed = withFields(metaData, replaceField(fields, field, { ...field, name }));
    const partitionColumns = metaData.partitionColumns.map((each) =>
      each === field.name ? name : each,
    );
    return { metaData: { ...renamed, partitionColumns }, protocol };
  };
};

/** Leaves a column out; files keep it unseen until they are written anew. */
export const dropColumn = (column: string): Alteration => {
  return (definition) => {
    const { metaData, protocol } = withColumnMapping(definition);
    const fields = schemaFields(metaData);
    const field = fieldOf(fields, column);
    checkUnconstrained(metaData, column);
    if (metaData.partitionColumns.includes(field.name)) {
      throw invalid(column, "cannot be dropped, as the table is partitioned by it");
    }
    const rest = fields.filter((each) => each !== field);
    if (rest.every(({ name }) => metaData.partitionColumns.includes(name))) {
      throw invalid(column, "cannot be dropped, as no other holds values in files");
    }
    return { metaData: withFields(metaData, rest), protocol };
  };
};

/** Lets a column hold NULL. */
export const dropNotNull = (column: string): Alteration => {
  return ({ metaData, protocol }) => {
    const fields = schemaFields(metaData);
    const field = fieldOf(fields, column);
    return {
      metaData: withFields(metaData, replaceField(fields, field, { ...field, nullable: true })),
      protocol,
    };
  };
};

/** Sets properties; null removes one. ECAP_TABLE_UNSUPPORTED for one of the protocol's own that this writer would not honour. */
export const setProperties = (properties: Readonly<Record<string, string | null>>): Alteration => {
  const refused = Object.keys(properties).find(
    (name) => /^delta\./i.test(name) && !settableProperties.has(name),
  );
  if (refused !== undefined) {
    const message = `The property ${refused} cannot be set`;
    throw new EcapError("ECAP_TABLE_UNSUPPORTED", message, { path: refused });
  }
  return ({ metaData, protocol }) => {
    const wanted = Object.entries(propertyFeatures).flatMap(([property, feature]) =>
      properties[property]?.toLowerCase() === "true" ? [feature] : [],
    );
    const changed = withProperties(metaData, properties);
    checkChangeNames(changed, schemaFields(changed));
    return {
      metaData: changed,
      protocol: wanted.reduce(withFeature, protocol),
    };
  };
};

/** Features that a property needs. */
const propertyFeatures: Readonly<Record<string, string>> = {
  [changeFeedProperty]: "changeDataFeed",
  "delta.enableDeletionVectors": "deletionVectors",
};

const settableProperties: ReadonlySet<string> = new Set([
  "delta.appendOnly",
  "delta.checkpointInterval",
  "delta.deletedFileRetentionDuration",
  ...Object.keys(propertyFeatures),
  "delta.enableExpiredLogCleanup",
  "delta.isolationLevel",
  "delta.logRetentionDuration",
]);

/** From here on every row must satisfy the condition. Those that are there are not looked at here. */
export const addCheck = (name: string, condition: string): Alteration => {
  return ({ metaData, protocol }) => {
    const key = `${constraintPrefix}${name.toLowerCase()}`;
    if (!/^\w+$/.test(name)) throw invalidConstraint(name, "is not named by letters, digits and _");
    if (key in metaData.configuration) throw invalidConstraint(name, "is there already");
    return {
      metaData: withProperties(metaData, { [key]: condition }),
      protocol: withFeature(protocol, "checkConstraints"),
    };
  };
};

export const dropCheck = (name: string): Alteration => {
  return ({ metaData, protocol }) => {
    const key = `${constraintPrefix}${name.toLowerCase()}`;
    if (!(key in metaData.configuration))
      throw invalidConstraint(name, "is not one of the table's");
    return { metaData: withProperties(metaData, { [key]: null }), protocol };
  };
};

/** Constraints know columns by name, so those they name keep it. */
function checkUnconstrained(metaData: MetaDataAction, column: string): void {
  const found = checkConstraints(metaData).find(({ condition }) =>
    condition.toLowerCase().includes(column.toLowerCase()),
  );
  if (found) throw invalid(column, `is in the constraint ${found.name}`);
}

function invalidConstraint(name: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Constraint ${name} ${what}`, { path: name });
}

/** Files know columns by names and ids of their own from here on. Those they have keep their names. */
function withColumnMapping(definition: Definition): Definition {
  const { metaData, protocol } = definition;
  if (isMapped(definition)) return definition;
  const fields = schemaFields(metaData).map((field, i) => {
    if (typeof field.type !== "string") {
      throw invalid(field.name, "is nested, and mapping columns of nested types is not supported");
    }
    return { ...field, metadata: { ...field.metadata, ...columnMapping(i + 1, field.name) } };
  });
  return {
    metaData: withProperties(withFields(metaData, fields), {
      "delta.columnMapping.mode": "name",
    }),
    protocol: withFeature(protocol, "columnMapping"),
  };
}

const columnMapping = (id: number, physicalName: string) => ({
  "delta.columnMapping.id": id,
  "delta.columnMapping.physicalName": physicalName,
});

/** Columns of a table with a change data feed are named otherwise than those of the feed. */
function checkChangeNames(metaData: MetaDataAction, fields: readonly SchemaField[]): void {
  if (!isOn(metaData, changeFeedProperty)) return;
  const taken = changeColumns.find(({ name }) => findField(fields, name));
  if (taken) throw invalid(taken.name, "is one that change data feeds have");
}

function withFields(metaData: MetaDataAction, fields: readonly SchemaField[]): MetaDataAction {
  checkChangeNames(metaData, fields);
  const changed = { ...metaData, schemaString: JSON.stringify({ type: "struct", fields }) };
  const ids = fields.map(({ metadata }) => Number(metadata["delta.columnMapping.id"] ?? 0));
  return withColumnIds(changed, Math.max(0, ...ids));
}

function withProperties(
  metaData: MetaDataAction,
  properties: Readonly<Record<string, string | null>>,
): MetaDataAction {
  const all = Object.entries({ ...metaData.configuration, ...properties });
  const kept = all.filter(([, value]) => value !== null);
  return { ...metaData, configuration: Object.fromEntries(kept) };
}

function replaceField(
  fields: readonly SchemaField[],
  field: SchemaField,
  changed: SchemaField,
): readonly SchemaField[] {
  return fields.map((each) => (each === field ? changed : each));
}

/** Names are one whatever their case. */
function findField(fields: readonly SchemaField[], name: string): SchemaField | undefined {
  return fields.find((field) => field.name.toLowerCase() === name.toLowerCase());
}

function fieldOf(fields: readonly SchemaField[], name: string): SchemaField {
  const field = findField(fields, name);
  if (field) return field;
  throw invalid(name, "is not a column of the table");
}

/** Where files know columns by other names, any text is a name. */
function checkName(name: string, mapped: boolean): void {
  const isName = mapped ? name !== "" : /^[^ ,;{}()\n\t=]+$/.test(name);
  if (!isName) throw invalid(name, "is not a name Parquet allows");
}

function invalid(column: string, what: string): EcapError {
  return new EcapError("ECAP_TABLE_SCHEMA", `Column ${column} ${what}`, { path: column });
}
