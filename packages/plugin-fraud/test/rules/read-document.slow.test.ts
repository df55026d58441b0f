import { expect, test } from "vitest";
import { documentCharacters, readDocument } from "../../src/rules/read-document.ts";

/** As much of a text as is accepted. */
function filled(part: (i: number) => string, before = "", after = ""): string {
  const parts = [before];
  let length = before.length + after.length;
  for (let i = 0; ; i += 1) {
    const next = part(i);
    length += next.length;
    if (length > documentCharacters) return [...parts, after].join("");
    parts.push(next);
  }
}

/** Ends what grows faster than the text: looked for among all others, members of a text as long as may be took half a minute. */
const endlessMs = 15_000;

const name = (i: number): string => i.toString(36);

test.each([
  ["one flow mapping of short members", filled((i) => `${name(i)},`, "{", "}")],
  ["one block mapping", filled((i) => `${name(i)}: 1\n`)],
  ["members of one name", filled(() => "a: 1\n")],
  ["a mistake at each character", filled(() => ",", "[", "]")],
  ["a mistake in each line", filled(() => "]\n")],
  ["properties without a value", filled(() => "!a ")],
  ["aliases, each of another anchor", filled((i) => `- &${name(i)} 1\n- *${name(i)}\n`)],
  ["aliases of one anchor", filled(() => "- *a\n", "- &a 1\n")],
  ["sequences in sequences that never end", filled(() => "[")],
  ["mappings as names of mappings", filled(() => "{", "", "}".repeat(documentCharacters / 2))],
  ["one sequence", filled(() => "1,", "[", "]")],
])(
  "%s, as long as may be, is read or refused",
  (what, source) => {
    expect(source.length).toBeGreaterThan(documentCharacters - 20);
    const before = process.cpuUsage();
    try {
      readDocument(source);
    } catch (error) {
      expect(error).toMatchObject({ code: "ECAP_RULES_INVALID" });
    }
    const { user, system } = process.cpuUsage(before);
    console.log(`${what}: ${((user + system) / 1_000).toFixed(0)} ms`);
  },
  endlessMs,
);
