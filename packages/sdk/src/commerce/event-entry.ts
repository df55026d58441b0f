import type { z } from "zod";
import type { DefaultTopic } from "../events/topics.ts";
import type { CommerceOptions, Data, Normalised } from "./normalise.ts";

/** One event of the catalogue as data; its type is the key it stands under. */
export interface EventEntry {
  readonly topic: DefaultTopic;
  readonly description: string;
  readonly aliases: readonly string[];
  readonly schema: z.ZodType<Data, Data>;
  /** Property whose text becomes the envelope's subject. */
  readonly subject?: string;
  /** Properties that together name the business fact. */
  readonly identity?: readonly string[];
  readonly normalise?: (data: Data, options?: CommerceOptions) => Normalised;
}
