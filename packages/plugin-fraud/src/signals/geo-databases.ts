import { EcapError } from "@ecap/sdk";
import type { Response } from "maxmind";

/** Files in the format of MaxMind DB, of MaxMind or of others. @see https://maxmind.github.io/MaxMind-DB */
export interface GeoFiles {
  /** Where addresses are: GeoIP2 or GeoLite2 City. */
  readonly city?: string | undefined;
  /** Which addresses hide who is behind them: GeoIP2 Anonymous IP. */
  readonly anonymous?: string | undefined;
}

interface Lookup {
  /** What the database says of the address; undefined where it knows nothing. */
  (ip: string): Readonly<Record<string, unknown>> | undefined;
}

export interface GeoDatabases {
  readonly city?: Lookup;
  readonly anonymous?: Lookup;
}

/** Answers kept a database. */
const cachedAnswers = 10_000;

/** Reads the files into memory. One that is absent or cannot be read is ECAP_PLUGIN_OPTIONS, with its path. */
export async function openGeoDatabases({ city, anonymous }: GeoFiles): Promise<GeoDatabases> {
  return {
    ...(city !== undefined && { city: await openLookup("geoip.city", city) }),
    ...(anonymous !== undefined && { anonymous: await openLookup("geoip.anonymous", anonymous) }),
  };
}

async function openLookup(option: string, path: string): Promise<Lookup> {
  const { open } = await import("maxmind");
  try {
    const reader = await open<Response>(path, { cache: { max: cachedAnswers } });
    // A damaged file may only show where it is read.
    reader.get("192.0.2.1");
    return (ip) => {
      try {
        return (reader.get(ip) as Readonly<Record<string, unknown>> | null) ?? undefined;
      } catch {
        // An address of the other family than the file's, or a damaged record: nothing is known.
        return undefined;
      }
    };
  } catch (error) {
    throw new EcapError("ECAP_PLUGIN_OPTIONS", `fraud: ${option}: the database cannot be read`, {
      received: path,
      cause: error,
    });
  }
}
