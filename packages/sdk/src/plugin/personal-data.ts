/** The person a request is about, by whatever ids are known. */
export interface DataSubject {
  readonly tenant: string;
  readonly customerId?: string;
  readonly anonymousId?: string;
  readonly email?: string;
}

/** One thing a plugin keeps about people. */
export interface PersonalDataHolding {
  /** What it is, as in "purchase history". */
  readonly what: string;
  /** Where it is, as in "table orders" or "state fraud/*". */
  readonly where: string;
  readonly fields: readonly string[];
  /** Why it is kept. */
  readonly purpose: string;
  /** How long, as in "13 months", or "with the table". */
  readonly retention: string;
}

/** What a plugin keeps about people, and how to hand it out and erase it. */
export interface PersonalData<Service> {
  readonly holds: readonly PersonalDataHolding[];
  /** Everything held about the person, as JSON values. */
  readonly export: (service: Service, subject: DataSubject) => Promise<unknown>;
  /** Removes it; resolves how many items were removed. Erasing a person who is not there is 0, not an error. */
  readonly erase: (service: Service, subject: DataSubject) => Promise<{ readonly erased: number }>;
}

/** Said by a plugin that keeps nothing about any person. */
export const none = "none";
