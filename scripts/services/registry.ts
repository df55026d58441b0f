import { kafka } from "./kafka.ts";
import { postgres } from "./postgres.ts";
import { redis } from "./redis.ts";
import { redisCluster } from "./redis-cluster.ts";
import { s3 } from "./s3.ts";
import type { Service } from "./service.ts";

/** A service added here is started, stopped and shown with the others. */
export const services: readonly Service[] = [kafka, redis, redisCluster, postgres, s3];
