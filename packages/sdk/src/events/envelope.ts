/** Who did it. At least one of customerId, anonymousId and deviceId is there on events of people. */
export interface Actor {
  readonly customerId?: string;
  readonly anonymousId?: string;
  readonly sessionId?: string;
  readonly deviceId?: string;
}

export interface Campaign {
  readonly name?: string;
  readonly source?: string;
  readonly medium?: string;
  readonly term?: string;
  readonly content?: string;
}

/** Where and how it happened. */
export interface EventContext {
  readonly ip?: string;
  readonly userAgent?: string;
  readonly locale?: string;
  readonly page?: {
    readonly url?: string;
    readonly path?: string;
    readonly title?: string;
    readonly referrer?: string;
  };
  readonly campaign?: Campaign;
  /** Consent by category, as in `{ analytics: true }`. */
  readonly consent?: Readonly<Record<string, boolean>>;
  readonly geo?: {
    readonly country?: string;
    readonly region?: string;
    readonly city?: string;
    readonly latitude?: number;
    readonly longitude?: number;
  };
}

/**
 * One event, with the attribute names of CloudEvents 1.0 plus the tenant and the ECAP extensions. Times are epoch milliseconds in
 * memory; on the wire they are RFC 3339 strings.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface EventEnvelope<Data = Readonly<Record<string, unknown>>> {
  /** Unique a source; UUIDv7 unless the source gave one. */
  readonly id: string;
  /** As in `order.completed`. */
  readonly type: string;
  readonly source: string;
  readonly tenant: string;
  /** Event time, the sender's clock error taken off. */
  readonly time: number;
  /** Arrival time. */
  readonly receivedAt: number;
  /** Name and version of the schema of `data`, as in `order.completed/1`; absent on unplanned events. */
  readonly dataschema?: string;
  /** The thing it is about, as in an order id. */
  readonly subject?: string;
  /** Where it stands in the log, once it does. */
  readonly sequence?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  };
  readonly actor: Actor;
  readonly context: EventContext;
  /** Id of the encryption key of the person it is about. */
  readonly subjectKey?: string;
  readonly data: Data;
}
