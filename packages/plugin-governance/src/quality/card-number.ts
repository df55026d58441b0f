/** Longest text that is looked through. */
const maxLength = 1_024;
const candidates = /\d(?:[ -]?\d){12,18}/g;

/**
 * Whether the value holds what can be a payment card's number: 13 to 19 digits, perhaps in groups, with a right check digit.
 *
 * @see https://www.iso.org/standard/70484.html (ISO/IEC 7812-1, annex B: Luhn's formula)
 */
export function holdsCardNumber(value: unknown): boolean {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || text.length < 13) return false;
  for (const [found] of text.slice(0, maxLength).matchAll(candidates)) {
    const digits = found.replaceAll(/[ -]/g, "");
    if (/^[2-6]/.test(digits) && hasCheckDigit(digits)) return true;
  }
  return false;
}

function hasCheckDigit(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = i % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
