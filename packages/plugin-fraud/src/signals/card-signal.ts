import type { Signal } from "./signal.ts";

/** The issuer's number, six to eight digits: many cards of one in short time are guessed ones. @see ISO/IEC 7812-1 */
export const cardSignal: Signal = {
  numbers: [],
  texts: ["card.bin"],
  read({ cardBin }, { texts, missing }) {
    if (cardBin === undefined) missing.push("cardBin");
    else if (/^\d{6,8}$/.test(cardBin)) texts["card.bin"] = cardBin;
    else missing.push("cardBin: not six to eight digits");
  },
};
