import { EcapError } from "@ecap/sdk";
import { type Document, isScalar, LineCounter, parseDocument, visit } from "yaml";

/** Most characters of a rule set's text: 1,000 rules of 260 each. The worst of them is read in less than a second of work. */
export const documentCharacters = 262_144;
/** Most places that repeat another one by its name; each is looked for among all values. */
const aliasesAllowed = 100;

/** The value that a YAML or JSON text is; ECAP_RULES_INVALID says where it is none. */
export function readDocument(source: string): unknown {
  const lines = new LineCounter();
  const document = parse(source, lines);
  const [error] = document.errors;
  if (error !== undefined) throw invalid(error.message, lines, error.pos[0]);
  try {
    checkMembers(document, lines);
    return document.toJS({ maxAliasCount: aliasesAllowed });
  } catch (cause) {
    if (cause instanceof EcapError) throw cause;
    throw new EcapError(
      "ECAP_RULES_INVALID",
      "the document is nested too deeply or repeats itself too often",
      { cause },
    );
  }
}

/** Without the library's own look for members of one name, which compares each with all others. */
function parse(source: string, lineCounter: LineCounter): Document.Parsed {
  const { stackTraceLimit } = Error;
  // A text can be all mistakes, of which one is told: where each was found in the library would be most of the work.
  Error.stackTraceLimit = 0;
  try {
    return parseDocument(source, { uniqueKeys: false, prettyErrors: false, lineCounter });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function checkMembers(document: Document.Parsed, lines: LineCounter): void {
  let aliases = 0;
  visit(document, {
    Alias() {
      aliases += 1;
      if (aliases > aliasesAllowed)
        throw new EcapError(
          "ECAP_RULES_INVALID",
          `the document repeats itself more than ${aliasesAllowed} times`,
        );
    },
    Map(_, { items }) {
      const names = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) throw invalid("the name of a member is no text", lines);
        const name = String(key.value);
        if (names.has(name))
          throw invalid(`two members are called "${name.slice(0, 64)}"`, lines, key.range?.[0]);
        names.add(name);
      }
    },
  });
}

function invalid(message: string, lines: LineCounter, offset?: number): EcapError {
  const { line, col } = lines.linePos(offset ?? 0);
  const where = offset === undefined ? "" : ` at line ${line}, column ${col}`;
  return new EcapError("ECAP_RULES_INVALID", `${message}${where}`, { path: "/" });
}
