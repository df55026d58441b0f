import type { z } from "zod";

export interface EventDefinition<Schema extends z.ZodType = z.ZodType> {
  /** As in `order.completed`: noun, dot, past tense. */
  readonly type: string;
  /** Version of the schema, from 1. */
  readonly version: number;
  /** The topic events of this type go to. */
  readonly topic: string;
  /** One sentence for the catalogue. */
  readonly description: string;
  /** Shape of `data`; types, documentation, JSON Schema and validators all come from it. */
  readonly schema: Schema;
  /** Other names senders use for it, as in "Order Completed" and "Completed Order". Compared without case. */
  readonly aliases?: readonly string[];
  /** The thing `data` is about, as in the order id: becomes the envelope's subject. */
  subject?(data: z.output<Schema>): string | undefined;
  /** Brings accepted data to one form (units, sums, spellings) and says where it disagreed with itself. */
  normalise?(data: z.output<Schema>): {
    readonly data: z.output<Schema>;
    readonly warnings: readonly string[];
  };
  /** Identity of the business fact beside the event id, as in the order id: with it a second event of the same fact can be refused as duplicate. */
  businessKey?(data: z.output<Schema>): string | undefined;
}

/** An event with its data's type inferred from the schema. */
export function defineEvent<Schema extends z.ZodType>(
  definition: EventDefinition<Schema>,
): EventDefinition<Schema> {
  return definition;
}

/** As in `order.completed/1`. */
export function schemaName(definition: Pick<EventDefinition, "type" | "version">): string {
  return `${definition.type}/${definition.version}`;
}
