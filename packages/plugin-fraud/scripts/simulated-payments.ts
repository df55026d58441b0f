import { createRecordDecoder, createSchemaRegistry, recordHeaders } from "@ecap/sdk";
import { clientDialects } from "@ecap/sdk/collector";
import { commerceEvents } from "@ecap/sdk/commerce";
import {
  type FraudScenario,
  type SimulatedEvent,
  type SimulationOptions,
  simulate,
} from "@ecap/sdk/simulator";
import type { Transaction } from "../src/contract.ts";
import { assessedEvents, toTransaction } from "../src/transaction.ts";

export interface SimulatedPayment {
  readonly transaction: Transaction & { readonly time: number };
  /** When it arrives, epoch milliseconds. */
  readonly at: number;
  /** Absent on honest payments. */
  readonly scenario?: FraudScenario;
}

/** The payments of a simulated shop in order of arrival, read as the platform reads them from its log. */
export function* simulatedPayments(options: SimulationOptions): Generator<SimulatedPayment> {
  const registry = createSchemaRegistry();
  for (const definition of commerceEvents) registry.register(definition);
  const decode = createRecordDecoder(registry, clientDialects);
  let offset = 0;
  for (const event of simulate({ journeys: "orders", ...options })) {
    const decoded = decode(recordOf(event, (offset += 1)));
    if (decoded === undefined || !assessedEvents.includes(decoded.type)) continue;
    yield {
      transaction: { ...toTransaction(decoded), time: decoded.time },
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
