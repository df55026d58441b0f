export * from "./page.ts";
export * from "./provenance.ts";
export * from "./route.ts";
