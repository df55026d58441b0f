import type { KeyValueStorage } from "./platform.ts";
import type { DeliveryReceipt } from "./receipt.ts";

export interface TrackerOptions {
  /** Where the server is, as in "https://events.shop.example". */
  readonly host: string;
  readonly writeKey: string;
  /** Queued events that are sent at once. Default 20. */
  readonly flushAt?: number;
  /** Longest an event waits for others. Default 5,000. */
  readonly flushIntervalMs?: number;
  /** Most events in one request. Default 100. */
  readonly maxBatch?: number;
  /** Most characters in one request. Default 450,000. */
  readonly maxBatchBytes?: number;
  /** An event with more characters is dropped. Default 32,768. */
  readonly maxEventBytes?: number;
  /** Most events kept while they cannot be sent; further ones are dropped. Default 1,000. */
  readonly maxQueue?: number;
  /** Default 15,000. */
  readonly timeoutMs?: number;
  /** First wait after a failure; doubled each time. Default 500. */
  readonly retryBaseMs?: number;
  /** Longest wait after a failure. Default 60,000. */
  readonly retryMaxMs?: number;
  /** The category without consent to which nothing is sent or stored. Default: none is needed. */
  readonly requireConsent?: string;
  /** Keeps events and ids over reloads. Default: localStorage in a browser, nothing in Node. */
  readonly storage?: KeyValueStorage;
  /** Told what became of every event. */
  readonly onReceipt?: (receipt: DeliveryReceipt) => void;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** What one call may say of itself; on a server, for which visitor it is. */
export interface CallOptions {
  readonly userId?: string;
  readonly anonymousId?: string;
  /** When it happened; default now. */
  readonly timestamp?: Date;
  /** Joined with what the tracker knows. */
  readonly context?: Readonly<Record<string, unknown>>;
}
