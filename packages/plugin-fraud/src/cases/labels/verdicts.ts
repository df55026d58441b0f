/** What somebody says of a payment; `unsure` takes their earlier word back. */
export const verdicts = ["fraud", "legitimate", "unsure"] as const;
export type Verdict = (typeof verdicts)[number];

/** Who says it: an analyst of a case, the bank of the card by a chargeback, or whatever else records labels. */
export const voices = ["analyst", "bank", "other"] as const;
export type Voice = (typeof voices)[number];

export interface Word {
  readonly verdict: Verdict;
  readonly voice: Voice;
  /** When it became known, epoch milliseconds. */
  readonly knownAt: number;
  readonly by?: string | undefined;
}

export function voiceOf(source: unknown): Voice {
  return source === "analyst" || source === "bank" ? source : "other";
}

/**
 * What counts of the words said of a payment. Each voice is taken by its newest word; those who are unsure say nothing; of the others the newest counts, and
 * of two of one instant the bank's before the analyst's before any other.
 */
export function wordThatCounts(words: Iterable<Word>): Word | undefined {
  const newest = new Map<Voice, Word>();
  for (const word of words) {
    const before = newest.get(word.voice);
    if (before === undefined || word.knownAt >= before.knownAt) newest.set(word.voice, word);
  }
  return [...newest.values()]
    .filter(({ verdict }) => verdict !== "unsure")
    .toSorted((a, b) => b.knownAt - a.knownAt || rank[a.voice] - rank[b.voice])[0];
}

const rank: Readonly<Record<Voice, number>> = { bank: 0, analyst: 1, other: 2 };
