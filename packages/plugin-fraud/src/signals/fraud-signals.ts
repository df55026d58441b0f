import { type GeoFiles, openGeoDatabases } from "./geo-databases.ts";
import { listedDisposableDomains, paymentSignals, type ReadSignals } from "./payment-signals.ts";

export interface FraudSignals {
  /** Before the start: without what is in databases and lists. */
  readonly read: ReadSignals;
  /** Reads databases and lists. A file that is named and cannot be read is ECAP_PLUGIN_OPTIONS. */
  start(): Promise<void>;
}

export function createFraudSignals({
  geoip = {},
}: {
  readonly geoip?: GeoFiles | undefined;
}): FraudSignals {
  let read = paymentSignals();
  return {
    read: (payment, missing) => read(payment, missing),
    async start() {
      const [geo, disposableDomains] = await Promise.all([
        openGeoDatabases(geoip),
        listedDisposableDomains(),
      ]);
      read = paymentSignals({ geo, disposableDomains });
    },
  };
}
