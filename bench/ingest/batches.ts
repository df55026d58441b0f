/** What visitors of a shop send, as `{ batch: [...] }` in ECAP's own dialect: about 300 bytes an event. `#` marks the digits of the id. */
const marker = "############";
const pages = ["/", "/women/dresses", "/men/shoes", "/sale", "/cart"];

function eventOf(position: number, now: number): object {
  const visitor = `visitor-${(position * 7919) % 997}`;
  const page = pages[position % pages.length] ?? "/";
  const frame = {
    id: `bench-${marker}`,
    time: new Date(now - position).toISOString(),
    actor: { anonymousId: visitor, sessionId: `s-${visitor}` },
    context: { ip: "203.0.113.7", page: { url: `https://shop.example${page}` } },
  };
  if (position % 10 < 6)
    return { ...frame, type: "page.viewed", data: { name: "Page", path: page, title: "Shop" } };
  const type = position % 10 < 9 ? "product.viewed" : "product.added";
  return {
    ...frame,
    type,
    data: { product_id: `p-${position}`, price: "19.90", currency: "EUR", quantity: 1 },
  };
}

export interface Batches {
  /** The next body; valid until the call after next of the same slot. */
  next(): Buffer;
  readonly events: number;
  /** Mean bytes an event. */
  readonly eventBytes: number;
}

/** Bodies that differ in their ids alone, made by writing digits into a copy, so that the sender is not the limit. */
export function createBatches(size: number): Batches {
  const now = Date.now();
  const text = JSON.stringify({ batch: Array.from({ length: size }, (_, i) => eventOf(i, now)) });
  const template = Buffer.from(text);
  const places: number[] = [];
  for (let at = template.indexOf(marker); at >= 0; at = template.indexOf(marker, at + 1))
    places.push(at);
  let id = 0;
  return {
    events: size,
    eventBytes: template.length / size,
    next() {
      const body = Buffer.from(template);
      for (const place of places) {
        let rest = id;
        for (let digit = marker.length - 1; digit >= 0; digit -= 1) {
          body[place + digit] = 48 + (rest % 10);
          rest = Math.floor(rest / 10);
        }
        id += 1;
      }
      return body;
    },
  };
}
