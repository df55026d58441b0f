export * from "./id-window.ts";
export * from "./seen-ids.ts";
