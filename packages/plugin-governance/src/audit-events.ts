import { defineEvent } from "@ecap/sdk";
import { defineLakeTable } from "@ecap/sdk/lake";
import { z } from "zod";

export const auditRecorded = defineEvent({
  type: "audit.recorded",
  version: 1,
  topic: "audit",
  description: "Somebody did something that must stay known",
  schema: z.object({
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    outcome: z.enum(["success", "refused", "failed"]),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  }),
  subject: (data) => data.target,
});

export const auditTable = defineLakeTable({
  name: "audit_log",
  description: "Who did what to what, and how it ended; appended only",
  readableBy: "admin",
  columns: [
    { name: "actor", type: "string", nullable: false },
    { name: "action", type: "string", nullable: false },
    { name: "target", type: "string", nullable: false },
    { name: "outcome", type: "string", nullable: false },
    { name: "details", type: "string", description: "JSON object" },
  ],
  from: [{ topic: auditRecorded.topic, types: [auditRecorded.type] }],
  rows({ data }) {
    const text = (name: string): string => (typeof data[name] === "string" ? data[name] : "");
    return [
      {
        actor: text("actor"),
        action: text("action"),
        target: text("target"),
        outcome: text("outcome"),
        details: data["details"] === undefined ? null : JSON.stringify(data["details"]),
      },
    ];
  },
});
