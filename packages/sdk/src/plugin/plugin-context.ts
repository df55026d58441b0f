import type { EventEnvelope } from "../events/envelope.ts";
import type { PortName, Ports } from "../ports/index.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** What is said of an event to emit; id, times and source are filled in where absent. */
export type NewEvent = Pick<EventEnvelope, "type" | "tenant" | "data"> & Partial<EventEnvelope>;

/** What a plugin is given to work with. */
export interface PluginContext<Required = Ports> {
  readonly plugin: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** The ports the plugin requires. */
  readonly ports: Required;
  /** Any port; ECAP_PORT_MISSING says which adapter to add where there is none. */
  port<Name extends PortName>(name: Name): Ports[Name];
  has(name: PortName): boolean;
  /** Appends an event of a type the plugin produces; resolves the id once it is durable. */
  emit(event: NewEvent): Promise<string>;
}
