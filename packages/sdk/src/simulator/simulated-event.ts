import type { FraudScenario } from "./options.ts";

/** What a client would send: a call of Segment's tracking API. */
export type Payload = Readonly<Record<string, unknown>>;

/** The truth about a transaction, which no client knows. */
export interface FraudLabel {
  readonly messageId: string;
  readonly scenario: FraudScenario;
  readonly orderId?: string;
  readonly paymentId?: string;
  /** When the shop learns of it, epoch milliseconds. */
  readonly availableAt: number;
}

export interface SimulatedEvent {
  /** When it is delivered, epoch milliseconds; `payload.timestamp` is when it happened. */
  readonly at: number;
  readonly payload: Payload;
  readonly label?: FraudLabel;
  /** What is wrong with the delivery. */
  readonly fault?: "malformed" | "late" | "duplicate" | "out_of_order";
}

/** The label as the event with which a back office would report it. */
export function labelPayload(label: FraudLabel): Payload {
  return {
    type: "track",
    event: "label.recorded",
    messageId: `label-${label.messageId}`,
    timestamp: new Date(label.availableAt).toISOString(),
    anonymousId: "back-office",
    properties: {
      event_id: label.messageId,
      order_id: label.orderId,
      payment_id: label.paymentId,
      fraud: true,
      scenario: label.scenario,
      source: "simulator",
    },
  };
}
