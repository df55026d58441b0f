import { join } from "node:path";
import { deltaTableStore } from "@ecap/adapter-delta";
import { duckdbFileEngine, duckdbQueryEngine } from "@ecap/adapter-duckdb";
import { envSecretStore, firstSecretStore, mountedSecretStore } from "@ecap/adapter-fs";
import { type KafkaEventLogOptions, kafkaEventLog } from "@ecap/adapter-kafka";
import { onnxModelRuntime } from "@ecap/adapter-onnx";
import { type PostgresServerOptions, postgresDatabase } from "@ecap/adapter-postgres";
import { type RedisStateStoreOptions, redisStateStore } from "@ecap/adapter-redis";
import { type S3ObjectStoreOptions, s3ObjectStore } from "@ecap/adapter-s3";
import { tfjsModelTrainer } from "@ecap/adapter-tfjs";
import { treesModelTrainer } from "@ecap/adapter-trees";
import {
  type AdapterSet,
  type Clock,
  type Logger,
  type SecretStore,
  silentLogger,
  systemClock,
} from "@ecap/sdk";
import { mountedObjectStore } from "@ecap/sdk/lake";
import { outboxCommitter } from "@ecap/sdk/streams";
import { oneTrainer } from "@ecap/sdk/training";

export interface ServicesOptions {
  readonly kafka: KafkaEventLogOptions;
  readonly redis: RedisStateStoreOptions;
  readonly postgres: PostgresServerOptions;
  /** Its `cacheDir` is `dir/cache` unless it says otherwise. */
  readonly s3: S3ObjectStoreOptions;
  /** Bucket or prefix of the lake's archive, as in a cheaper class of storage. Default: below `archive/` in that of the lake. */
  readonly s3Archive?: S3ObjectStoreOptions;
  /** For what a process can lose: copies of lake files (`cache/`, which processes may share) and what a query spills (`temp/`). */
  readonly dir: string;
  /** Folder with one file a secret, looked at before the environment (`ECAP_SECRET_…`). Default: none. */
  readonly secretsDir?: string;
  /** Default: `secretsDir`, then environment variables that begin with `ECAP_SECRET_`. */
  readonly secrets?: SecretStore;
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** Threads of the query engine. Default: one a core. */
  readonly queryThreads?: number;
  /** Memory of the query engine. Default "1GB". */
  readonly queryMemory?: string;
}

/**
 * Every port on services that many processes share: log in Kafka, state in Redis, both committed together through an outbox, rows in PostgreSQL, tables as
 * Delta Lake on S3. Queries (DuckDB) and models (ONNX Runtime) run in each process. Nothing is connected to before it is used.
 */
export function services(options: ServicesOptions): AdapterSet {
  const { dir, clock = systemClock, logger = silentLogger } = options;
  const { queryThreads, queryMemory = "1GB", secretsDir } = options;
  const eventLog = kafkaEventLog({ logger, ...options.kafka });
  const stateStore = redisStateStore({ logger, clock, ...options.redis });
  const database = postgresDatabase({ logger, ...options.postgres });
  const openBucket = (bucket: S3ObjectStoreOptions) =>
    s3ObjectStore({ logger, cacheDir: join(dir, "cache"), ...bucket });
  const lake = openBucket(options.s3);
  const archive = options.s3Archive && openBucket(options.s3Archive);
  const objectStore = archive
    ? mountedObjectStore({ objects: lake, at: "archive/", mounted: archive })
    : lake;
  const temporary = join(dir, "temp", String(process.pid));
  // Rewrites files on one thread, beside the queries that somebody waits for.
  const fileEngine = duckdbFileEngine({ objects: objectStore, threads: 1, workDir: temporary });
  const tableStore = deltaTableStore({ objects: objectStore, engine: fileEngine, clock, logger });
  const queryEngine = duckdbQueryEngine({
    tables: tableStore,
    objects: objectStore,
    memoryLimit: queryMemory,
    tempDir: temporary,
    ...(queryThreads !== undefined && { threads: queryThreads }),
  });
  const secretStore =
    options.secrets ??
    firstSecretStore([
      ...(secretsDir === undefined ? [] : [mountedSecretStore({ dir: secretsDir })]),
      envSecretStore({ prefix: "ECAP_SECRET_" }),
    ]);
  return {
    name: "services",
    clock,
    eventLog,
    stateStore,
    committer: outboxCommitter({ eventLog, stateStore }),
    objectStore,
    tableStore,
    queryEngine,
    database,
    modelRuntime: onnxModelRuntime(),
    modelTrainer: oneTrainer(tfjsModelTrainer(), treesModelTrainer()),
    secretStore,
    async close() {
      // What uses others first: queries and tables before their objects, the log before the state it is committed with.
      const tables = [queryEngine, tableStore, fileEngine, lake, ...(archive ? [archive] : [])];
      const steps = [...tables, database, eventLog, stateStore];
      const failures: unknown[] = [];
      for (const step of steps) await step.close().catch((error: unknown) => failures.push(error));
      if (failures.length > 0) throw failures[0];
    },
  };
}
