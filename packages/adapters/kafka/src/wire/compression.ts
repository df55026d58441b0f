import { promisify } from "node:util";
import zlib from "node:zlib";
import { EcapError } from "@ecap/sdk";
import kafkajs from "kafkajs";

/** Ways to compress a batch. `zstd` needs a Node whose zlib has it (22.15 and later), `snappy` and `lz4` a codec registered with kafkajs. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

interface Codec {
  compress(bytes: Buffer): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** In the order of the protocol: the place of a name is the number in a batch's attributes. */
const names: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];

export function compressionNumber(compression: Compression): number {
  return names.indexOf(compression);
}

/** The codec of the number in a batch's attributes; undefined: not compressed. ECAP_CONFIG_INVALID where nothing here can do it. */
export function codecOf(number: number): Codec | undefined {
  const name = names[number];
  if (name === "none") return undefined;
  const codec = name === undefined ? undefined : (builtIn(name) ?? registered(number));
  if (codec !== undefined) return codec;
  throw new EcapError(
    "ECAP_CONFIG_INVALID",
    `this Node has no codec for Kafka batches compressed with ${name ?? `codec ${number}`}: register one in CompressionCodecs of kafkajs, or use gzip`,
  );
}

function builtIn(name: Compression): Codec | undefined {
  if (name === "gzip") {
    return { compress: promisify(zlib.gzip), decompress: promisify(zlib.gunzip) };
  }
  const late: typeof zlib & {
    readonly zstdCompress?: typeof zlib.gzip;
    readonly zstdDecompress?: typeof zlib.gunzip;
  } = zlib;
  if (name !== "zstd" || !late.zstdCompress || !late.zstdDecompress) return undefined;
  return { compress: promisify(late.zstdCompress), decompress: promisify(late.zstdDecompress) };
}

/** What the application registered with kafkajs, where it did. */
function registered(number: number): Codec | undefined {
  const { CompressionCodecs } = kafkajs;
  const codecs: Readonly<Record<number, () => unknown>> = CompressionCodecs;
  try {
    const codec = codecs[number]?.();
    if (!isKafkajsCodec(codec)) return undefined;
    return {
      compress: (bytes) => codec.compress({ buffer: bytes }),
      decompress: (bytes) => codec.decompress(bytes),
    };
  } catch {
    return undefined; // kafkajs throws for those nobody registered
  }
}

interface KafkajsCodec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

function isKafkajsCodec(codec: unknown): codec is KafkajsCodec {
  return (
    typeof codec === "object" && codec !== null && "compress" in codec && "decompress" in codec
  );
}
