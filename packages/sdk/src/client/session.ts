import type { Campaign } from "../events/envelope.ts";
import { browserGlobals, type KeyValueStorage, messageId } from "./platform.ts";

export interface Identity {
  readonly anonymousId: string;
  readonly userId?: string;
  readonly sessionId?: string;
  /** Epoch milliseconds of the last event. */
  readonly seenAt?: number;
  /** The campaign the session came by. */
  readonly campaign?: Campaign;
}

/** After so long without an event the next one begins a new session. */
const sessionMs = 1_800_000;

export function readIdentity(
  storage: KeyValueStorage | undefined,
  key: string,
): Identity | undefined {
  try {
    const stored: unknown = JSON.parse(storage?.getItem(key) ?? "null");
    return typeof Object(stored).anonymousId === "string" ? Object(stored) : undefined;
  } catch {
    return undefined;
  }
}

/** The identity as of an event now: in its session, or in a new one. */
export function inSession(identity: Identity, now: number): Identity {
  const { seenAt = 0, sessionId } = identity;
  if (sessionId !== undefined && now - seenAt < sessionMs) return { ...identity, seenAt: now };
  const { sessionId: _before, campaign: _old, ...rest } = identity;
  const campaign = campaignOf(browserGlobals().location?.search ?? "");
  return {
    ...rest,
    sessionId: messageId(now),
    seenAt: now,
    ...(campaign !== undefined && { campaign }),
  };
}

/** The utm parameters of an address. */
export function campaignOf(search: string): Campaign | undefined {
  const parameters = new URLSearchParams(search);
  const found = ["campaign", "source", "medium", "term", "content"].flatMap((name) => {
    const value = parameters.get(`utm_${name}`);
    return value === null || value === "" ? [] : [[name === "campaign" ? "name" : name, value]];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
