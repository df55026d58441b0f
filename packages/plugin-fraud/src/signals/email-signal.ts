import { jaroWinkler } from "../rules/language/similarity.ts";
import { keyOf } from "./key-of.ts";
import { type Signal, shareOf } from "./signal.ts";

/** Longest local part and domain. @see https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1 */
const longest = { local: 64, domain: 255 } as const;
/** Providers that deliver to one mailbox whatever dots are in its name. */
const dotless = new Set(["gmail.com", "googlemail.com"]);

/** The shape of an e-mail address. The address itself is kept nowhere: its domain is, and a hash by which its history is counted. */
export function emailSignal(disposableDomains: ReadonlySet<string>): Signal {
  return {
    numbers: [
      "email_disposable",
      "email_entropy",
      "email_digits",
      "email_tagged",
      "email_name_similarity",
    ],
    texts: ["email.domain", "email.key"],
    read({ email, name }, { numbers, texts, missing }) {
      if (email === undefined) {
        missing.push("email");
        return;
      }
      const parts = partsOf(email);
      if (parts === undefined) {
        missing.push("email: no address");
        return;
      }
      const { local, tag, domain } = parts;
      texts["email.domain"] = domain;
      texts["email.key"] = keyOf(
        `${dotless.has(domain) ? local.replaceAll(".", "") : local}@${domain}`,
      );
      numbers["email_disposable"] = isListed(domain, disposableDomains) ? 1 : 0;
      numbers["email_entropy"] = entropyOf(local);
      numbers["email_digits"] = shareOf(local.replaceAll(/\D/g, "").length, local.length);
      numbers["email_tagged"] = tag === "" ? 0 : 1;
      if (name !== undefined) numbers["email_name_similarity"] = nameSimilarity(local, name);
    },
  };
}

function partsOf(
  email: string,
): { readonly local: string; readonly tag: string; readonly domain: string } | undefined {
  const text = email.trim().toLowerCase();
  const at = text.lastIndexOf("@");
  const whole = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (at < 1 || whole.length > longest.local || domain.length > longest.domain) return undefined;
  if (!/^[^\s@]+\.[^\s@.]+$/.test(domain) || /\s/.test(whole)) return undefined;
  const [local = "", ...tags] = whole.split("+");
  return local === "" ? undefined : { local, tag: tags.join("+"), domain };
}

/** Whether the domain or one above it is on the list. */
function isListed(domain: string, list: ReadonlySet<string>): boolean {
  for (let rest = domain; rest.includes("."); rest = rest.slice(rest.indexOf(".") + 1))
    if (list.has(rest)) return true;
  return false;
}

/** Bits a character. @see Shannon, "A mathematical theory of communication", 1948 */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const length = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

/** How alike the mailbox and the name are, in the order of its parts that fits best. */
function nameSimilarity(local: string, name: string): number {
  const mailbox = letters(local);
  const parts = name.slice(0, 100).split(/\s+/).map(letters).filter(Boolean);
  if (mailbox === "" || parts.length === 0) return 0;
  const [first = ""] = parts;
  const last = parts.at(-1) ?? "";
  const candidates = [parts.join(""), last + first, first.slice(0, 1) + last, first, last];
  return Math.max(...candidates.map((candidate) => jaroWinkler(mailbox, candidate)));
}

function letters(text: string): string {
  return text
    .normalize("NFD")
    .toLowerCase()
    .replaceAll(/[^\p{L}]/gu, "");
}
