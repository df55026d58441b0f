import type { Column } from "@ecap/sdk";
import type { Definition } from "../files/table-fields.ts";
import { isOn } from "../table/table-properties.ts";
import { writerFeatures } from "../table/writable.ts";

/** With it a table records how its rows change. */
export const changeFeedProperty = "delta.enableChangeDataFeed";
/** The column of change files that tells what became of a row. */
export const changeTypeColumn: Column = { name: "_change_type", type: "string" };
/** What readers of changes add to it. */
export const changeColumns: readonly Column[] = [
  changeTypeColumn,
  { name: "_commit_version", type: "long" },
  { name: "_commit_timestamp", type: "timestamp" },
];

/** Whether the table records how its rows change. */
export function keepsChanges({ protocol, metaData }: Definition): boolean {
  return isOn(metaData, changeFeedProperty) && writerFeatures(protocol).includes("changeDataFeed");
}
