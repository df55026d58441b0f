import type { CommerceEventType, CommerceProperties } from "../commerce/catalogue.ts";
import { createEventQueue } from "./event-queue.ts";
import { browserGlobals, browserStorage, messageId, pageContext } from "./platform.ts";
import type { DeliveryReceipt } from "./receipt.ts";
import { batchBody, createSender, unreference, upTo } from "./sender.ts";
import { type Identity, inSession, readIdentity } from "./session.ts";
import type { CallOptions, TrackerOptions } from "./tracker-options.ts";

type Properties = Readonly<Record<string, unknown>>;

/** An event's properties: those of the catalogue where it knows the type, any where it does not. */
type PropertiesOf<Type extends string> = Type extends CommerceEventType
  ? CommerceProperties<Type>
  : Properties;

/** Every call returns the id of its event, which its receipt carries. */
export interface Tracker {
  track<Type extends CommerceEventType | (string & {})>(
    type: Type,
    properties: PropertiesOf<Type>,
    options?: CallOptions,
  ): string;
  identify(
    userId: string,
    traits?: CommerceProperties<"customer.identified"> & Properties,
    options?: CallOptions,
  ): string;
  page(
    name?: string,
    properties?: CommerceProperties<"page.viewed"> & Properties,
    options?: CallOptions,
  ): string;
  group(groupId: string, traits?: Properties, options?: CallOptions): string;
  alias(userId: string, previousId: string, options?: CallOptions): string;
  /** The visitor's choice by category; kept with every event as `context.consent`. */
  consent(categories: Readonly<Record<string, boolean>>): void;
  /** Forgets who the visitor is: the next event is of another. */
  reset(): void;
  /**
   * Sends what is queued and resolves once every event queued before has its receipt, however often it must be tried. Rejects after `timeoutMs`,
   * with the events still queued.
   */
  flush(options?: { readonly timeoutMs?: number }): Promise<readonly DeliveryReceipt[]>;
  /** Events not yet acknowledged. */
  readonly pending: number;
}

/**
 * A tracker for browsers and Node. Events are queued, sent in batches in the order of the calls, one request at a time, and kept until the
 * server acknowledges them; their ids stay the same over retries, so that the server can tell a repeat.
 */
export function createTracker(options: TrackerOptions): Tracker {
  const {
    host,
    writeKey,
    flushAt = 20,
    flushIntervalMs = 5000,
    maxBatch = 100,
    maxBatchBytes = 450_000,
    maxEventBytes = 32_768,
    maxQueue = 1000,
    timeoutMs = 15_000,
    retryBaseMs = 500,
    retryMaxMs = 60_000,
    requireConsent,
    storage = browserStorage(),
    onReceipt,
    now = Date.now,
  } = options;
  const browser = browserGlobals();
  const { document } = browser;
  const url = `${host.replace(/\/+$/, "")}/v1/batch`;
  const identityKey = `ecap:${writeKey}:id`;
  const queue = createEventQueue(`ecap:${writeKey}:e:`, maxQueue, storage);
  let choices: Readonly<Record<string, boolean>> | undefined;
  let identity: Identity = { anonymousId: messageId(now()) };
  let timer: ReturnType<typeof setTimeout> | undefined;

  const allowed = (): boolean => requireConsent === undefined || choices?.[requireConsent] === true;
  const settle = (receipt: DeliveryReceipt): void => {
    if (queue.settle(receipt)) onReceipt?.(receipt);
  };
  // Looked up at each call: pages replace it. Unbound, a browser's fetch refuses to run.
  const request: typeof fetch = options.fetch ?? ((...call) => fetch(...call));
  const sender = createSender({
    url,
    writeKey,
    queue,
    maxBatch,
    maxBatchBytes,
    timeoutMs,
    retryBaseMs,
    retryMaxMs,
    now,
    fetch: request,
    allowed,
    settle,
  });

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    sender.send();
  }

  function remember(next: Identity): void {
    identity = next;
    if (!allowed()) return;
    try {
      storage?.setItem(identityKey, JSON.stringify(identity));
    } catch {
      // Without room the visitor is new after a reload.
    }
  }

  function begin(): void {
    if (!allowed()) return;
    remember(readIdentity(storage, identityKey) ?? identity);
    queue.persist(true);
    if (queue.events.length > 0) send();
  }

  function enqueue(call: Properties, { context, timestamp, ...who }: CallOptions = {}): string {
    const at = now();
    const id = messageId(at);
    const { anonymousId, userId, sessionId, campaign } = identity;
    const event = {
      anonymousId,
      userId,
      ...call,
      ...who,
      messageId: id,
      timestamp: (timestamp ?? new Date(at)).toISOString(),
      context: {
        ...pageContext(),
        sessionId,
        campaign,
        consent: choices && { categoryPreferences: choices },
        ...context,
      },
    };
    const json = JSON.stringify(event);
    const refused =
      choices !== undefined && !allowed()
        ? "consent"
        : json.length > maxEventBytes
          ? "too_large"
          : undefined;
    if (refused !== undefined || !queue.push(id, json)) {
      onReceipt?.({ id, status: "dropped", code: refused ?? "queue_full" });
      return id;
    }
    if (queue.events.length >= flushAt) send();
    else if (timer === undefined) {
      timer = setTimeout(send, flushIntervalMs);
      unreference(timer, true);
    }
    return id;
  }

  /** As {@link enqueue}; in a browser, within a session. */
  function capture(call: Properties, callOptions?: CallOptions): string {
    if (document !== undefined) {
      const { sessionId } = identity;
      remember(inSession(identity, now()));
      if (identity.sessionId !== sessionId)
        enqueue({
          type: "track",
          event: "session.started",
          properties: {
            session_id: identity.sessionId,
            landing_page: browser.location?.pathname,
            referrer: document.referrer,
          },
        });
    }
    return enqueue(call, callOptions);
  }

  begin();
  document?.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !allowed()) return;
    // The page may never hear of the answer, so the events stay queued: if they must come again, their ids tell the server.
    const batch = upTo(queue.events, 60_000);
    if (batch.length === 0) return;
    const body = batchBody(batch, { writeKey, now });
    if (browser.navigator?.sendBeacon?.(url, body) !== true)
      request(url, { method: "POST", body, keepalive: true }).catch(() => undefined);
  });
  browser.addEventListener?.("online", () => sender.hurry());

  return {
    track: (event, properties, callOptions) =>
      capture({ type: "track", event, properties }, callOptions),
    identify(userId, traits = {}, callOptions = {}) {
      if (document !== undefined) remember({ ...identity, userId });
      return capture({ type: "identify", userId, traits }, callOptions);
    },
    page: (name, properties = {}, callOptions) =>
      capture({ type: "page", name, properties }, callOptions),
    group: (groupId, traits = {}, callOptions) =>
      capture({ type: "group", groupId, traits }, callOptions),
    alias: (userId, previousId, callOptions) =>
      capture({ type: "alias", userId, previousId }, callOptions),
    consent(categories) {
      const before = allowed();
      choices = categories;
      if (allowed()) {
        if (!before) begin();
        return;
      }
      queue.persist(false);
      storage?.removeItem(identityKey);
      for (const { id } of queue.events) settle({ id, status: "dropped", code: "consent" });
    },
    reset() {
      remember({ anonymousId: messageId(now()) });
    },
    async flush({ timeoutMs: patience } = {}) {
      const waiting = queue.events.map(
        ({ settled }) => new Promise<DeliveryReceipt>((resolve) => settled.push(resolve)),
      );
      send();
      sender.hold(true);
      let patient: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<never>((_, reject) => {
        if (patience !== undefined)
          patient = setTimeout(
            () =>
              reject(
                new Error(`${queue.events.length} events are still queued after ${patience} ms`),
              ),
            patience,
          );
      });
      try {
        return await Promise.race([Promise.all(waiting), late]);
      } finally {
        clearTimeout(patient);
        sender.hold(false);
      }
    },
    get pending() {
      return queue.events.length;
    },
  };
}
