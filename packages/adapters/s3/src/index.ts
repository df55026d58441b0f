export { type S3ObjectStore, type S3ObjectStoreOptions, s3ObjectStore } from "./s3-object-store.ts";
