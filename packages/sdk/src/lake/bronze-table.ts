import type { TableSchema } from "../ports/table-store.ts";
import { lineageColumns } from "./lake-table.ts";

/** The table that holds every event of a topic as it was received. */
export function bronzeTableName(topic: string): string {
  return `bronze_${topic.replaceAll(/[^a-z0-9]+/g, "_")}`;
}

export const bronzeSchema: TableSchema = {
  columns: [
    ...lineageColumns,
    { name: "type", type: "string", nullable: false },
    { name: "source", type: "string", nullable: false },
    { name: "subject", type: "string" },
    { name: "customer_id", type: "string" },
    { name: "anonymous_id", type: "string" },
    { name: "session_id", type: "string" },
    { name: "payload", type: "string", description: "The event as it was received, JSON" },
  ],
  partitionBy: ["tenant", "date"],
};
