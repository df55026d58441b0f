import { EcapError } from "@ecap/sdk";

/** Error codes of the protocol that are acted on. @see https://kafka.apache.org/39/protocol.html#protocol_error_codes */
export const codes = {
  offsetOutOfRange: 1,
  corruptMessage: 2,
  unknownTopic: 3,
  leaderNotAvailable: 5,
  notLeader: 6,
  requestTimedOut: 7,
  brokerNotAvailable: 8,
  replicaNotAvailable: 9,
  messageTooLarge: 10,
  networkException: 13,
  coordinatorLoading: 14,
  coordinatorNotAvailable: 15,
  notCoordinator: 16,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  notEnoughReplicasAfterAppend: 20,
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  topicAuthorizationFailed: 29,
  groupAuthorizationFailed: 30,
  clusterAuthorizationFailed: 31,
  topicExists: 36,
  notController: 41,
  outOfOrderSequence: 45,
  invalidProducerEpoch: 47,
  invalidTransactionState: 48,
  invalidProducerIdMapping: 49,
  concurrentTransactions: 51,
  transactionCoordinatorFenced: 52,
  transactionalIdAuthorizationFailed: 53,
  storageError: 56,
  unknownProducerId: 59,
  fencedLeaderEpoch: 74,
  unknownLeaderEpoch: 75,
  offsetNotAvailable: 78,
  unstableOffsetCommit: 88,
  producerFenced: 90,
} as const;

const names = new Map<number, string>(Object.entries(codes).map(([name, code]) => [code, name]));

/** The leader of the partition is another than was thought. */
export const staleLeaderCodes: ReadonlySet<number> = new Set([
  codes.unknownTopic,
  codes.leaderNotAvailable,
  codes.notLeader,
  codes.replicaNotAvailable,
  codes.storageError,
  codes.fencedLeaderEpoch,
  codes.unknownLeaderEpoch,
]);

export const staleCoordinatorCodes: ReadonlySet<number> = new Set([
  codes.coordinatorNotAvailable,
  codes.notCoordinator,
]);

/** Another producer of the same transactional id took over, or the transaction ran out of time. */
export const fencedCodes: ReadonlySet<number> = new Set([
  codes.invalidProducerEpoch,
  codes.invalidTransactionState,
  codes.invalidProducerIdMapping,
  codes.transactionCoordinatorFenced,
  codes.producerFenced,
]);

/** The group went on without this member, or is being dealt anew. */
export const staleMemberCodes: ReadonlySet<number> = new Set([
  codes.illegalGeneration,
  codes.unknownMember,
  codes.rebalanceInProgress,
]);

const transientCodes: ReadonlySet<number> = new Set([
  ...staleLeaderCodes,
  ...staleCoordinatorCodes,
  codes.corruptMessage,
  codes.requestTimedOut,
  codes.brokerNotAvailable,
  codes.networkException,
  codes.coordinatorLoading,
  codes.notEnoughReplicas,
  codes.notEnoughReplicasAfterAppend,
  codes.notController,
  codes.concurrentTransactions,
  codes.offsetNotAvailable,
  codes.unstableOffsetCommit,
]);

const refusedCodes: ReadonlySet<number> = new Set([
  codes.topicAuthorizationFailed,
  codes.groupAuthorizationFailed,
  codes.clusterAuthorizationFailed,
  codes.transactionalIdAuthorizationFailed,
]);

/** What kafkajs calls errors of the connection, which a repeated request may not meet. */
const transientNames: ReadonlySet<string> = new Set([
  "KafkaJSConnectionError",
  "KafkaJSConnectionClosedError",
  "KafkaJSRequestTimeoutError",
  "KafkaJSBrokerNotFound",
  "KafkaJSLockTimeout",
  "KafkaJSTimeout",
  "KafkaJSMetadataNotLoaded",
]);

/** An error code a broker answered with. */
export class KafkaError extends Error {
  override readonly name = "KafkaError";
  readonly code: number;

  constructor(code: number, request: string) {
    super(`${request}: ${names.get(code) ?? `Kafka error ${code}`}`);
    this.code = code;
  }
}

/** The code of the broker's answer, be it read here or by kafkajs; undefined where the error is another one. */
export function codeOf(error: unknown): number | undefined {
  for (const each of causes(error)) {
    if (each instanceof KafkaError) return each.code;
    if ("type" in each && "code" in each && typeof each.code === "number") return each.code;
  }
  return undefined;
}

/** Whether the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return transientCodes.has(code);
  return causes(error).some(({ name }) => transientNames.has(name));
}

export function hasCode(error: unknown, wanted: ReadonlySet<number>): boolean {
  const code = codeOf(error);
  return code !== undefined && wanted.has(code);
}

/** The error an application sees. `doing` says what failed: "appending to orders". */
export function toEcapError(error: unknown, doing: string): EcapError {
  if (error instanceof EcapError) return error;
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const details = { cause: error };
  if (code !== undefined && fencedCodes.has(code)) {
    return new EcapError("ECAP_FENCED", `${doing}: another took over (${said})`, details);
  }
  if (code !== undefined && refusedCodes.has(code)) {
    return new EcapError("ECAP_CONFIG_INVALID", `${doing}: Kafka does not allow it`, details);
  }
  if (causes(error).some(({ name }) => name === "KafkaJSSASLAuthenticationError")) {
    return new EcapError("ECAP_CONFIG_INVALID", `${doing}: Kafka refused the credentials`, details);
  }
  if (code === codes.messageTooLarge || code === codes.recordListTooLarge) {
    const message = `${doing}: a record is larger than Kafka takes (max.message.bytes)`;
    return new EcapError("ECAP_EVENT_TOO_LARGE", message, details);
  }
  if (isTransient(error)) {
    return new EcapError("ECAP_SERVICE_UNREACHABLE", `${doing}: Kafka: ${said}`, details);
  }
  return new EcapError("ECAP_INTERNAL", `${doing}: Kafka: ${said}`, details);
}

function causes(error: unknown): Error[] {
  const found: Error[] = [];
  for (let each = error; each instanceof Error && found.length < 5; each = each.cause) {
    found.push(each);
  }
  return found;
}
