/** Somebody who does or approves something: a user, or an API key and who made it. */
export interface Somebody {
  /** User name or API key id. */
  readonly id: string;
  readonly madeBy?: string | undefined;
}

/** Whether two are one person where one must not approve what the other did: a user and the API keys that user made are one. */
export function isSamePerson(a: Somebody, b: Somebody): boolean {
  return a.id === b.id || a.id === b.madeBy || a.madeBy === b.id;
}
