import { ByteReader, ByteWriter } from "./bytes.ts";
import type { WireRequest } from "./kafkajs-types.ts";

export interface RequestDefinition<T> {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly sizeHint?: number;
  readonly requestTimeout?: number;
  readonly write: (writer: ByteWriter) => void;
  readonly read: (reader: ByteReader) => T;
}

/** A request kafkajs does not have, or reads in a way that does not fit, in the shape its connections take. */
export function wireRequest<T>(definition: RequestDefinition<T>): WireRequest<T> {
  const { apiKey, apiVersion, apiName, sizeHint, write, read, requestTimeout } = definition;
  return {
    request: {
      apiKey,
      apiVersion,
      apiName,
      async encode() {
        const writer = new ByteWriter(sizeHint);
        write(writer);
        const { bytes } = writer;
        return { buf: bytes, buffer: bytes };
      },
    },
    response: {
      async decode(payload) {
        const reader = new ByteReader(payload);
        const value = read(reader);
        return { value, clientSideThrottleTime: reader.throttleMs };
      },
      parse: async ({ value }) => value,
    },
    logResponseError: false,
    ...(requestTimeout === undefined ? {} : { requestTimeout }),
  };
}
