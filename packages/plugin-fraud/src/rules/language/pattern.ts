import { createRequire } from "node:module";
import type { RE2JS } from "re2js";

/** What a pattern may be at most, and how much of a text it sees. */
export const patternLimits = { characters: 256, instructions: 500, seen: 1_024 } as const;

type Engine = typeof RE2JS;
let engine: Engine | undefined;

/**
 * A test of texts by a regular expression in the syntax of RE2, in time that grows with the text and nothing worse; throws an Error that says what
 * is wrong with it. It is found anywhere in the text's first 1,024 characters unless it says ^ or $.
 * @see https://github.com/google/re2/wiki/Syntax
 * @see Cox, "Regular expression matching can be simple and fast", 2007
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  if (pattern.length > patternLimits.characters)
    throw new Error(`a pattern has at most ${patternLimits.characters} characters`);
  // Loaded by the first pattern, not by everybody who imports the plugin.
  engine ??= (createRequire(import.meta.url)("re2js") as { RE2JS: Engine }).RE2JS;
  const compiled = engine.compile(pattern);
  if (compiled.programSize() > patternLimits.instructions)
    throw new Error("the pattern repeats too much");
  return (text) =>
    compiled.test(text.length > patternLimits.seen ? text.slice(0, patternLimits.seen) : text);
}
