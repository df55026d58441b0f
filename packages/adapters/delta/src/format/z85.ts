const alphabet =
  "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const values = new Map(Array.from(alphabet, (character, value) => [character, value]));

/**
 * Bytes from their text in base 85, five characters for four bytes. Throws a TypeError for any other text.
 *
 * @see https://rfc.zeromq.org/spec/32/
 */
export function decodeZ85(text: string): Uint8Array {
  if (text.length % 5 !== 0) throw new TypeError("a Z85 text is cut off");
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let block = 0; block * 5 < text.length; block++) {
    let word = 0;
    for (let i = block * 5; i < block * 5 + 5; i++) {
      const value = values.get(text.charAt(i));
      if (value === undefined) throw new TypeError(`${text.charAt(i)} is not a Z85 character`);
      word = word * 85 + value;
    }
    if (word > 0xffffffff) throw new TypeError("a Z85 block is past four bytes");
    bytes.setUint32(block * 4, word);
  }
  return new Uint8Array(bytes.buffer);
}

/** The text of bytes whose number is a multiple of four. */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const word = view.getUint32(at);
    for (let power = 4; power >= 0; power--) {
      text += alphabet.charAt(Math.floor(word / 85 ** power) % 85);
    }
  }
  return text;
}
