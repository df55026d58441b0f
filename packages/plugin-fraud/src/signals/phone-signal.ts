import { keyOf } from "./key-of.ts";
import { type Signal, shareOf } from "./signal.ts";

/** The shape of a telephone number; it is kept nowhere but as a hash by which its history is counted. @see https://www.itu.int/rec/T-REC-E.164 */
export const phoneSignal: Signal = {
  numbers: ["phone_plausible", "phone_run"],
  texts: ["phone.key"],
  read({ phone }, { numbers, texts, missing }) {
    if (phone === undefined) {
      missing.push("phone");
      return;
    }
    const digits = phone.replaceAll(/\D/g, "");
    const isWritten = /^\s*\+?[\d\s()./-]+$/.test(phone);
    numbers["phone_plausible"] = isWritten && digits.length >= 7 && digits.length <= 15 ? 1 : 0;
    // Of made-up numbers the digits repeat or count: 5555555, 1234567.
    numbers["phone_run"] = shareOf(longestRun(digits.slice(0, 32)), Math.min(digits.length, 32));
    if (digits !== "") texts["phone.key"] = keyOf(digits);
  },
};

/** The most digits in a row whose steps are all 0, all 1 or all −1. */
function longestRun(digits: string): number {
  let longest = Math.min(1, digits.length);
  for (const step of [0, 1, -1]) {
    let run = 1;
    for (let i = 1; i < digits.length; i += 1) {
      run = Number(digits[i]) - Number(digits[i - 1]) === step ? run + 1 : 1;
      longest = Math.max(longest, run);
    }
  }
  return longest;
}
