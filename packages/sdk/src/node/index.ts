export * from "./directory-lock.ts";
