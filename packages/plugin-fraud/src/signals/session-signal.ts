import type { Signal } from "./signal.ts";

const longestMs = 86_400_000;

/** How the payer came to pay: how long the visit was, how much was looked at, whether the card was pasted. */
export const sessionSignal: Signal = {
  numbers: ["session_seconds", "session_pages", "session_pasted"],
  texts: [],
  read({ session, time }, { numbers, missing }) {
    if (session === undefined) {
      missing.push("session");
      return;
    }
    const { startedAt, pages, pasted } = session;
    if (isCount(startedAt) && time !== undefined)
      numbers["session_seconds"] = Math.min(longestMs, Math.max(0, time - startedAt)) / 1_000;
    else missing.push("session.startedAt");
    if (isCount(pages)) numbers["session_pages"] = pages;
    else missing.push("session.pages");
    if (typeof pasted === "boolean") numbers["session_pasted"] = pasted ? 1 : 0;
    else missing.push("session.pasted");
  },
};

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < 1e15;
}
