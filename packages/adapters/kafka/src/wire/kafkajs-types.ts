/**
 * The parts of kafkajs 2.2.4 below its public API that this package uses, and nothing else of it: connections, authentication, and the
 * requests of groups and transactions.
 */

export interface WireRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    /** kafkajs asks for an encoder of its own, of which it uses these two. */
    encode(): Promise<{ readonly buf: Buffer; readonly buffer: Buffer }>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<Decoded<T>>;
    parse(decoded: Decoded<T>): Promise<T>;
  };
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
}

export interface Decoded<T> {
  readonly value: T;
  /** kafkajs sends nothing on the connection for that long (KIP-219). */
  readonly clientSideThrottleTime: number;
}

export interface WireConnection {
  socket?: { destroy(): unknown };
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
  readonly requestQueue: RequestQueue;
}

export interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
  rejectAll(error: Error): void;
}

export interface ConnectionPool {
  readonly pool: readonly WireConnection[];
  send<T>(request: WireRequest<T>): Promise<T>;
}

export interface TopicPartitions {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface OffsetTopics {
  readonly topic: string;
  readonly partitions: ReadonlyArray<{ readonly partition: number; readonly offset: string }>;
}

export interface ProducerIdentity {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

export interface JoinedGroup {
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  readonly groupProtocol: string;
  readonly members: ReadonlyArray<{ readonly memberId: string; readonly memberMetadata: Buffer }>;
}

/** A connection to one broker. Each request rejects with a protocol error where the broker answers with a code. */
export interface WireBroker {
  readonly nodeId: number | string | null;
  readonly versions: Readonly<
    Record<number, { readonly minVersion: number; readonly maxVersion: number }>
  > | null;
  readonly connectionPool: ConnectionPool;
  findGroupCoordinator(request: {
    readonly groupId: string;
    readonly coordinatorType: 0 | 1;
  }): Promise<{ readonly coordinator: { readonly nodeId: number } }>;
  joinGroup(request: {
    readonly groupId: string;
    readonly sessionTimeout: number;
    readonly rebalanceTimeout: number;
    readonly memberId: string;
    readonly groupProtocols: ReadonlyArray<{ readonly name: string; readonly metadata: Buffer }>;
  }): Promise<JoinedGroup>;
  syncGroup(request: {
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly groupAssignment: ReadonlyArray<{
      readonly memberId: string;
      readonly memberAssignment: Buffer;
    }>;
  }): Promise<{ readonly memberAssignment: Buffer }>;
  heartbeat(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
  }): Promise<unknown>;
  leaveGroup(request: { readonly groupId: string; readonly memberId: string }): Promise<unknown>;
  offsetCommit(request: {
    readonly groupId: string;
    readonly groupGenerationId: number;
    readonly memberId: string;
    readonly topics: readonly OffsetTopics[];
  }): Promise<unknown>;
  initProducerId(request: {
    readonly transactionalId?: string;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  addPartitionsToTxn(
    request: ProducerIdentity & { readonly topics: readonly TopicPartitions[] },
  ): Promise<unknown>;
  addOffsetsToTxn(request: ProducerIdentity & { readonly groupId: string }): Promise<unknown>;
  endTxn(request: ProducerIdentity & { readonly transactionResult: boolean }): Promise<unknown>;
}

export interface WireCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  readonly connectionPoolBuilder: {
    build(destination?: object): Promise<ConnectionPool>;
  };
  readonly brokerPool: {
    readonly brokers: Readonly<Record<string, WireBroker>>;
    readonly seedBroker: WireBroker | undefined;
    findConnectedBroker(): Promise<WireBroker>;
    findBroker(node: { readonly nodeId: string }): Promise<WireBroker>;
    refreshMetadata(topics: readonly string[]): Promise<void>;
  };
}
