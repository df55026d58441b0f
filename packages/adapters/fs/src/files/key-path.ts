import { sep } from "node:path";
import { checkObjectKey, EcapError } from "@ecap/sdk";

/** Bytes a file name can hold on the file systems in use. */
const maxNameBytes = 255;
/** What a name may not hold as it is: control characters, what Windows forbids, and the escape character itself. */
// oxlint-disable-next-line no-control-regex
const unsafe = /[\u0000-\u001f\u007f"*:<>?\\|!]/g;

/** How parts of a key are called as files. */
export interface FileNames {
  encode(part: string): string;
  /** The key part a file name stands for; undefined for a name that `encode` never gives. */
  decode(name: string): string | undefined;
}

/** Parts are kept readable, unsafe characters become `!` and two hexadecimal digits. */
export const safeNames: FileNames = { encode: encodeName, decode: decodeName };
/** Parts as they are. */
export const exactNames: FileNames = { encode: (part) => part, decode: (name) => name };

/** The relative path of a key. */
export function keyToPath(key: string, names: FileNames = safeNames): string {
  checkObjectKey(key);
  return key
    .split("/")
    .map((part) => names.encode(part))
    .join(sep);
}

export function encodeName(part: string): string {
  const name = part.replace(unsafe, (c) => `!${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  if (Buffer.byteLength(name) > maxNameBytes) {
    throw new EcapError("ECAP_OBJECT_KEY", "A part of the key is too long for a file name", {
      received: `${part.slice(0, 40)}…`,
    });
  }
  return name;
}

/** The key part a file name stands for; undefined for a name that {@link encodeName} never gives. */
export function decodeName(name: string): string | undefined {
  const part = name.replace(/!([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return part.replace(unsafe, (c) => `!${c.charCodeAt(0).toString(16).padStart(2, "0")}`) === name
    ? part
    : undefined;
}
