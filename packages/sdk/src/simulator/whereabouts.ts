import { createDevice, type Person } from "./customers.ts";
import { addressIn, destinations, sharedAddressIn } from "./places.ts";
import type { Random } from "./random.ts";
import type { Source } from "./shop.ts";
import { createVisit, type Visit } from "./visit.ts";

/** What is unlike the customer's other visits, as shares of honest ones. */
const shares = {
  travels: 0.025,
  /** From home, seen as from elsewhere: a virtual private network. */
  tunnelled: 0.01,
  /** A new device, or somebody else's. */
  otherDevice: 0.04,
  office: 0.06,
  /** On the way, behind one of a carrier's few addresses. */
  carrier: 0.1,
} as const;
const carriersOfPlace = 3;

/** A visit as honest people make them: mostly from home, on a device of their own. */
export function honestVisit(
  random: Random,
  visitor: { readonly person: Person; readonly source: Source; readonly known: boolean },
): Visit {
  const { person } = visitor;
  const device = random.chance(shares.otherDevice)
    ? createDevice(random)
    : random.pick(person.devices);
  if (random.chance(shares.travels + shares.tunnelled)) {
    const place = random.pick(destinations);
    return createVisit(random, { ...visitor, device, place, ip: addressIn(place, random) });
  }
  const ip = random.chance(shares.office)
    ? person.officeIp
    : device.type === "mobile" && random.chance(shares.carrier * 2)
      ? sharedAddressIn(person.home, random.below(carriersOfPlace))
      : person.ip;
  return createVisit(random, { ...visitor, device, ip });
}
