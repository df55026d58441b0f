export * from "./env-secret-store.ts";
export * from "./file-secret-store.ts";
export * from "./first-secret-store.ts";
export * from "./fs-object-store.ts";
