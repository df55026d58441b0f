import { EcapError } from "@ecap/sdk";

export interface DoorLimits {
  /** Requests whose events are being taken in at a time; past it ECAP_OVERLOADED. Default 1,000. */
  readonly maxRequests?: number;
  /** Bytes of bodies that are being received or taken in at a time; past it ECAP_OVERLOADED. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Bytes of one body as received. Default 8 MiB. */
  readonly maxBodyBytes?: number;
}

/** What is under way at this door, in bounds. */
export interface Door {
  /** Takes a body in, as far as there is room; what it took is given back when `release` is called. */
  receive(request: Request): Promise<ReceivedBody>;
  /** Does the work if there is room for one more request. */
  enter<T>(work: () => Promise<T>): Promise<T>;
}

export interface ReceivedBody {
  readonly bytes: Uint8Array;
  release(): void;
}

/** A body this small is read at once; of a larger one only what has arrived is counted, so that whoever announces much and sends nothing keeps nobody out. */
const wholeBytes = 64 * 1024;

export function createDoor({
  maxRequests = 1_000,
  maxBytes = 64 << 20,
  maxBodyBytes = 8 << 20,
}: DoorLimits = {}): Door {
  let requests = 0;
  let bytes = 0;

  function reserve(size: number): void {
    if (bytes + size > maxBytes)
      throw new EcapError(
        "ECAP_OVERLOADED",
        `${bytes} bytes are under way, the limit is ${maxBytes}`,
      );
    bytes += size;
  }

  async function readWhole(request: Request, size: number): Promise<Uint8Array> {
    reserve(size);
    try {
      return new Uint8Array(await request.arrayBuffer());
    } catch (error) {
      bytes -= size;
      throw error;
    }
  }

  async function readParts(request: Request): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      for await (const part of request.body ?? []) {
        if (size + part.length > maxBodyBytes) throw tooLarge(size + part.length, maxBodyBytes);
        reserve(part.length);
        size += part.length;
        parts.push(part);
      }
      return Buffer.concat(parts);
    } catch (error) {
      bytes -= size;
      throw error;
    }
  }

  return {
    async receive(request) {
      const declared = Number(request.headers.get("content-length") ?? Number.NaN);
      if (declared > maxBodyBytes) throw tooLarge(declared, maxBodyBytes);
      const body = await (declared <= wholeBytes
        ? readWhole(request, declared)
        : readParts(request));
      const held = declared <= wholeBytes ? declared : body.length;
      let isReleased = false;
      return {
        bytes: body,
        release() {
          if (!isReleased) bytes -= held;
          isReleased = true;
        },
      };
    },
    async enter(work) {
      if (requests >= maxRequests)
        throw new EcapError(
          "ECAP_OVERLOADED",
          `${requests} requests are under way, the limit is ${maxRequests}`,
        );
      requests += 1;
      try {
        return await work();
      } finally {
        requests -= 1;
      }
    },
  };
}

function tooLarge(bytes: number, limit: number): EcapError {
  return new EcapError(
    "ECAP_BATCH_TOO_LARGE",
    `the body has ${bytes} bytes or more, the limit is ${limit}`,
  );
}
