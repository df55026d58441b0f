import { EcapError } from "@ecap/sdk";
import { parseDocument } from "yaml";

/** Most characters of a rule set's text. */
export const documentCharacters = 1_000_000;

/** The value that a YAML or JSON text is; ECAP_RULES_INVALID says where it is none. */
export function readDocument(source: string): unknown {
  const document = parseDocument(source, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined)
    throw new EcapError("ECAP_RULES_INVALID", error.message.split("\n")[0] ?? "not readable", {
      path: "/",
    });
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw new EcapError("ECAP_RULES_INVALID", "the document repeats itself too often", { cause });
  }
}
