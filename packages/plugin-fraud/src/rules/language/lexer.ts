import { ExpressionError, type Place } from "./expression-error.ts";

export type Token = { readonly place: Place; readonly text: string } & (
  | { readonly kind: "number" | "duration"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name" | "word" | "symbol" | "end" }
);

/** Words that are no names. Written in any case, as analysts who know SQL do. */
export const words: ReadonlySet<string> = new Set(
  "and or not in contains starts ends with matches true false".split(" "),
);

export const unitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const space = /(?:\s|#[^\n]*)+/y;
const number = /\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const name = /[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*/y;
const symbol = /==|!=|<=|>=|[<>+\-*/%()[\],]/y;
const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "'": "'",
  "\\": "\\",
};
/** What analysts write from habit, and what it is called here. */
const instead: Readonly<Record<string, string>> = {
  "&": "and",
  "|": "or",
  "!": "not",
  "=": "==",
};

/** The tokens of an expression, the last of kind `end`. */
export function tokenise(source: string): readonly Token[] {
  const tokens: Token[] = [];
  const placeOf = places(source);
  let at = skip(source, 0);
  while (at < source.length) {
    const [token, next] = readToken(source, at, placeOf(at));
    tokens.push(token);
    at = skip(source, next);
  }
  return [...tokens, { kind: "end", text: "the end", place: placeOf(source.length) }];
}

function skip(source: string, from: number): number {
  return from + (take(space, source, from)?.length ?? 0);
}

function readToken(source: string, at: number, place: Place): readonly [Token, number] {
  const first = source[at] ?? "";
  if (first === '"' || first === "'") return readText(source, at, place);
  const digits = take(number, source, at);
  if (digits !== undefined) return readNumber(source, at, digits, place);
  const word = take(name, source, at);
  if (word !== undefined) {
    const lower = word.toLowerCase();
    const token: Token = words.has(lower)
      ? { kind: "word", text: lower, place }
      : { kind: "name", text: word, place };
    return [token, at + word.length];
  }
  const text = take(symbol, source, at);
  if (text !== undefined) return [{ kind: "symbol", text, place }, at + text.length];
  const meant = instead[first];
  throw new ExpressionError(
    `"${String.fromCodePoint(source.codePointAt(at) ?? 0)}" means nothing here${meant === undefined ? "" : `; write ${meant}`}`,
    place,
  );
}

function readNumber(
  source: string,
  at: number,
  digits: string,
  place: Place,
): readonly [Token, number] {
  const value = Number(digits.replaceAll("_", ""));
  const unit = take(name, source, at + digits.length);
  if (!Number.isFinite(value)) throw new ExpressionError(`${digits} is too large`, place);
  if (unit === undefined)
    return [{ kind: "number", value, text: digits, place }, at + digits.length];
  const factor = Object.hasOwn(unitsMs, unit) ? unitsMs[unit] : undefined;
  if (factor === undefined || !Number.isFinite(value * factor))
    throw new ExpressionError(
      `"${unit}" is no unit; a duration ends in ${Object.keys(unitsMs).join(", ")}`,
      place,
    );
  const text = digits + unit;
  return [{ kind: "duration", value: value * factor, text, place }, at + text.length];
}

function readText(source: string, from: number, place: Place): readonly [Token, number] {
  const quote = source[from];
  let value = "";
  for (let at = from + 1; at < source.length; at += 1) {
    const char = source[at] ?? "";
    if (char === quote)
      return [{ kind: "text", value, text: source.slice(from, at + 1), place }, at + 1];
    if (char === "\n") break;
    if (char !== "\\") {
      value += char;
      continue;
    }
    at += 1;
    const escape = source[at] ?? "";
    const code = /^u([0-9a-fA-F]{4})/.exec(source.slice(at, at + 5))?.[1];
    if (code !== undefined) {
      value += String.fromCharCode(Number.parseInt(code, 16));
      at += 4;
    } else if (Object.hasOwn(escapes, escape)) value += escapes[escape];
    else
      throw new ExpressionError(
        `"\\${escape}" is no escape; there are \\n, \\r, \\t, \\", \\', \\\\ and \\u with four digits`,
        place,
      );
  }
  throw new ExpressionError(`the text that begins here does not end; ${quote} closes it`, place);
}

function take(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** Line and column of offsets that only grow. */
function places(source: string): (offset: number) => Place {
  let line = 1;
  let start = 0;
  let seen = 0;
  return (offset) => {
    for (; seen < offset; seen += 1) {
      if (source[seen] !== "\n") continue;
      line += 1;
      start = seen + 1;
    }
    return { line, column: offset - start + 1 };
  };
}
