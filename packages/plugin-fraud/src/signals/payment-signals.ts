import type { Transaction } from "../contract.ts";
import { cardSignal } from "./card-signal.ts";
import { deviceSignal } from "./device-signal.ts";
import { emailSignal } from "./email-signal.ts";
import type { GeoDatabases } from "./geo-databases.ts";
import { locationSignal } from "./location-signal.ts";
import { phoneSignal } from "./phone-signal.ts";
import { sessionSignal } from "./session-signal.ts";
import type { Found, Readings, Signal } from "./signal.ts";

export interface SignalSources {
  readonly geo?: GeoDatabases;
  /** Domains whose mailboxes are thrown away. */
  readonly disposableDomains?: ReadonlySet<string>;
}

export type ReadSignals = (payment: Transaction, missing: readonly string[]) => Readings;

/** Every signal on a payment. `missing` of what is known of the payment itself comes first. */
export function paymentSignals(sources: SignalSources = {}): ReadSignals {
  const signals = signalsFrom(sources);
  return (payment, missing) => {
    const found: Found = { numbers: {}, texts: {}, missing: [...missing] };
    for (const signal of signals) signal.read(payment, found);
    return found;
  };
}

function signalsFrom({
  geo = {},
  disposableDomains = new Set(),
}: SignalSources): readonly Signal[] {
  return [
    locationSignal(geo),
    emailSignal(disposableDomains),
    phoneSignal,
    cardSignal,
    deviceSignal,
    sessionSignal,
  ];
}

const all = signalsFrom({});
/** The names of all features and of all evidence that signals give. */
export const signalNumbers: readonly string[] = all.flatMap(({ numbers }) => numbers);
export const signalTexts: readonly string[] = all.flatMap(({ texts }) => texts);

/** A list that is kept up to date by its maintainers. @see https://www.npmjs.com/package/mailchecker */
export async function listedDisposableDomains(): Promise<ReadonlySet<string>> {
  const { default: mailchecker } = await import("mailchecker");
  return mailchecker.blacklist();
}
