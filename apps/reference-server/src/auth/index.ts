export * from "./accounts-schema.ts";
export * from "./api-keys.ts";
export * from "./authenticator.ts";
export * from "./sessions.ts";
export * from "./users.ts";
