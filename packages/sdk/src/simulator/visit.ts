import type { Device, Person } from "./customers.ts";
import type { Place } from "./places.ts";
import { hex32, type Random, randomUuid } from "./random.ts";
import type { Source } from "./shop.ts";
import type { FraudLabel, Payload } from "./simulated-event.ts";

/** Takes what a visit or the back office sends, in any order. */
export type Emit = (at: number, payload: Payload, label?: FraudLabel) => void;

/** Someone on a device at a place, for one session. */
export interface Visit {
  readonly person: Person;
  readonly device: Device;
  readonly place: Place;
  readonly ip: string;
  readonly source: Source;
  readonly sessionId: string;
  /** Whether the shop knows who it is. */
  known: boolean;
  /** The address of the page before. */
  referrer: string | undefined;
}

export function createVisit(
  random: Random,
  visitor: {
    readonly person: Person;
    readonly source: Source;
    readonly known: boolean;
    readonly device?: Device;
    readonly place?: Place;
    readonly ip?: string;
  },
): Visit {
  const { person, source, known } = visitor;
  return {
    person,
    source,
    known,
    device: visitor.device ?? random.pick(person.devices),
    place: visitor.place ?? person.home,
    ip: visitor.ip ?? person.ip,
    sessionId: `s-${hex32(random.bits())}${hex32(random.bits())}`,
    referrer: source.referrer,
  };
}

/** One call of the tracking API within a visit. */
export function visitCall(
  random: Random,
  visit: Visit,
  at: number,
  call: {
    readonly type: string;
    readonly event?: string;
    readonly properties?: Payload;
    readonly traits?: Payload;
    readonly url: string;
    readonly title?: string;
  },
): Payload {
  const { person, device, place, source } = visit;
  const { type, event, properties, traits, url, title } = call;
  return {
    type,
    event,
    properties,
    traits,
    messageId: randomUuid(random, at),
    timestamp: new Date(at).toISOString(),
    anonymousId: device.anonymousId,
    userId: visit.known ? person.id : undefined,
    context: {
      ip: visit.ip,
      userAgent: device.userAgent,
      locale: place.locale,
      sessionId: visit.sessionId,
      page: { url, path: pathOf(url), title, referrer: visit.referrer },
      campaign: source.campaign,
      device: { id: device.id, type: device.type },
      location: place.location,
      consent: person.marketingConsent ? fullConsent : analyticsConsent,
      library,
    },
  };
}

/** One call of the back office, which knows the customer and nothing of devices. */
export function officeCall(
  random: Random,
  at: number,
  event: string,
  properties: Payload,
  who: { readonly userId?: string | undefined; readonly anonymousId?: string | undefined } = {},
): Payload {
  return {
    type: "track",
    event,
    messageId: randomUuid(random, at),
    timestamp: new Date(at).toISOString(),
    userId: who.userId,
    anonymousId: who.anonymousId ?? (who.userId === undefined ? "back-office" : undefined),
    properties,
    context: { library },
  };
}

const analyticsConsent = { categoryPreferences: { analytics: true, marketing: false } };
const fullConsent = { categoryPreferences: { analytics: true, marketing: true } };
const library = { name: "ecap-simulator", version: "1" };

function pathOf(url: string): string {
  const slash = url.indexOf("/", "https://".length);
  return slash < 0 ? "/" : url.slice(slash);
}

export function amount(cents: number): number {
  return cents / 100;
}
