import { createRecordDecoder, createSchemaRegistry, recordHeaders } from "@ecap/sdk";
import { clientDialects } from "@ecap/sdk/collector";
import { commerceEvents } from "@ecap/sdk/commerce";
import {
  type FraudScenario,
  type SimulatedEvent,
  type SimulationOptions,
  simulate,
} from "@ecap/sdk/simulator";
import type { PaymentSubject } from "../src/signals/signal.ts";
import { assessedEvents, refundEvents, toRefund, toTransaction } from "../src/transaction.ts";

/** A payment of a simulated shop, or a refund, which `transaction.refund` tells. */
export interface SimulatedPayment {
  readonly transaction: PaymentSubject & { readonly time: number };
  /** When it arrives, epoch milliseconds. */
  readonly at: number;
  /** Absent on honest payments. */
  readonly scenario?: FraudScenario;
}

const counted: ReadonlySet<unknown> = new Set([...assessedEvents, ...refundEvents]);

/** The payments and refunds of a simulated shop in order of arrival, read as the platform reads them from its log. */
export function* simulatedPayments(options: SimulationOptions): Generator<SimulatedPayment> {
  const registry = createSchemaRegistry();
  for (const definition of commerceEvents) registry.register(definition);
  const decode = createRecordDecoder(registry, clientDialects);
  let offset = 0;
  // Every visit buys: who only looks pays nothing.
  for (const event of simulate({ conversion: 1, catalogue: false, ...options })) {
    if (!counted.has(event.payload["event"])) continue;
    const decoded = decode(recordOf(event, (offset += 1)));
    if (decoded === undefined) continue;
    yield {
      transaction: refundEvents.includes(decoded.type) ? toRefund(decoded) : toTransaction(decoded),
      at: event.at,
      ...(event.label !== undefined && { scenario: event.label.scenario }),
    };
  }
}

function recordOf({ at, payload }: SimulatedEvent, offset: number) {
  return {
    topic: "transactions",
    partition: 0,
    offset,
    value: new TextEncoder().encode(JSON.stringify(payload)),
    headers: recordHeaders({
      tenant: "default",
      source: "simulator",
      dialect: "segment",
      receivedAt: at,
    }),
    timestamp: at,
  };
}
