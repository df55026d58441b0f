export * from "./joint-provenance.ts";
export * from "./lake-db.ts";
export * from "./lake-functions.ts";
export * from "./lake-query.ts";
