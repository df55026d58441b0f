import type { Action } from "./actions.ts";
import { encodePath } from "./data-path.ts";

/** The lines of a commit file. */
export function serializeActions(actions: readonly Action[]): Uint8Array {
  const lines = actions.map((action) => `${JSON.stringify(toJson(action))}\n`);
  return new TextEncoder().encode(lines.join(""));
}

function toJson(action: Action): unknown {
  if ("add" in action) return { add: encoded(action.add) };
  if ("remove" in action) return { remove: encoded(action.remove) };
  if ("cdc" in action) return { cdc: encoded(action.cdc) };
  if ("metaData" in action) {
    return { metaData: { ...action.metaData, format: { provider: "parquet", options: {} } } };
  }
  return action;
}

function encoded<T extends { readonly path: string }>(file: T): T {
  return { ...file, path: encodePath(file.path) };
}
