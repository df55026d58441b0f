/** Where lineage is told, and under which names. */
export interface OpenLineageOptions {
  /** Of jobs and datasets. Default "ecap". */
  readonly namespace?: string;
  /** Address of a server that takes OpenLineage events, as Marquez; without one nothing is sent. */
  readonly url?: string;
  /** Below the address. Default "api/v1/lineage". */
  readonly endpoint?: string;
  /** Sent as a bearer token. */
  readonly apiKey?: string;
  /** When what is new is sent. Default 60,000. */
  readonly everyMs?: number;
  /** A request that takes longer has failed. Default 5,000. */
  readonly timeoutMs?: number;
  /** Attempts at a request, with pauses between. Default 3. */
  readonly attempts?: number;
  /** Versions of a table sent at once; more wait for the next time. Default 500. */
  readonly maxVersions?: number;
}
