import { defineLakeTable } from "@ecap/sdk/lake";
import {
  alertRaised,
  alertResolved,
  qualityMeasured,
  qualityProfiled,
  qualityTopic,
} from "./quality-events.ts";

type Data = Readonly<Record<string, unknown>>;
const list = (value: unknown): readonly Data[] => (Array.isArray(value) ? (value as Data[]) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | null => (typeof value === "number" ? value : null);

/** Stands for a rule in the rows that count events by type. */
export const eventsRule = "events";

export const qualityResultsTable = defineLakeTable({
  name: "quality_results",
  description:
    "How often rules were checked and broken, by minute of arrival, rule and field; rows of one minute add up. Rows of the rule `events` count events by type",
  columns: [
    { name: "minute", type: "timestamp", nullable: false },
    { name: "source_topic", type: "string", nullable: false },
    { name: "rule", type: "string", nullable: false },
    { name: "field", type: "string", nullable: false, description: "Empty for the whole event" },
    { name: "level", type: "string" },
    { name: "checked", type: "long", nullable: false },
    { name: "failed", type: "long", nullable: false },
    { name: "examples", type: "string", description: "Ids of some events, as a JSON list" },
  ],
  from: [{ topic: qualityTopic, types: [qualityMeasured.type] }],
  rows({ data }) {
    const shared = { minute: Number(data["minute"]), source_topic: text(data["topic"]) };
    return [
      ...list(data["types"]).map(({ type, events }) => ({
        ...shared,
        rule: eventsRule,
        field: text(type),
        level: null,
        checked: Number(events),
        failed: 0,
        examples: null,
      })),
      ...list(data["results"]).map(({ rule, field, level, checked, failed, examples }) => ({
        ...shared,
        rule: text(rule),
        field: text(field),
        level: text(level),
        checked: Number(checked),
        failed: Number(failed),
        examples: list(examples).length === 0 ? null : JSON.stringify(examples),
      })),
    ];
  },
});

export const qualityProfilesTable = defineLakeTable({
  name: "quality_profiles",
  description:
    "What the fields of each event type were like in each hour of arrival, from a sample",
  columns: [
    { name: "hour", type: "timestamp", nullable: false },
    { name: "source_topic", type: "string", nullable: false },
    { name: "event_type", type: "string", nullable: false },
    { name: "field", type: "string", nullable: false },
    { name: "sampled", type: "long", nullable: false, description: "Events looked into" },
    { name: "value_count", type: "long", nullable: false, description: "Values looked at" },
    { name: "nulls", type: "long", nullable: false },
    { name: "distinct_values", type: "long", nullable: false, description: "Approximate" },
    { name: "quantiles", type: "string", description: "By share, as a JSON object" },
    { name: "top_values", type: "string", description: "Of categories, as a JSON list" },
  ],
  from: [{ topic: qualityTopic, types: [qualityProfiled.type] }],
  rows({ data }) {
    if (data["final"] !== true) return [];
    return list(data["fields"]).map((field) => ({
      hour: Number(data["hour"]),
      source_topic: text(data["topic"]),
      event_type: text(data["type"]),
      field: text(field["field"]),
      sampled: Number(data["sampled"]),
      value_count: Number(field["count"]),
      nulls: Number(field["nulls"]),
      distinct_values: Number(field["distinct"]),
      quantiles: field["quantiles"] === undefined ? null : JSON.stringify(field["quantiles"]),
      top_values: field["top"] === undefined ? null : JSON.stringify(field["top"]),
    }));
  },
});

export const qualityAlertsTable = defineLakeTable({
  name: "quality_alerts",
  description: "Quality alerts: a row when one is raised, and one when it is resolved",
  columns: [
    { name: "alert_id", type: "string", nullable: false },
    { name: "kind", type: "string", nullable: false },
    { name: "name", type: "string", nullable: false, description: "The rule or series" },
    { name: "source_topic", type: "string" },
    { name: "severity", type: "string", nullable: false },
    { name: "message", type: "string", nullable: false },
    { name: "since", type: "timestamp", nullable: false },
    { name: "until", type: "timestamp", description: "Empty when it was raised" },
    { name: "reason", type: "string", description: "Why it is over" },
    { name: "observed", type: "double" },
    { name: "expected", type: "double" },
    { name: "low", type: "double" },
    { name: "high", type: "double" },
    { name: "score", type: "double" },
    { name: "historical", type: "boolean", nullable: false },
  ],
  from: [{ topic: alertRaised.topic, types: [alertRaised.type, alertResolved.type] }],
  rows({ data }) {
    return [
      {
        alert_id: text(data["alertId"]),
        kind: text(data["kind"]),
        name: text(data["name"]),
        source_topic: text(data["topic"]),
        severity: text(data["severity"]),
        message: text(data["message"]),
        since: Number(data["since"]),
        until: number(data["until"]),
        reason: data["reason"] === undefined ? null : text(data["reason"]),
        observed: number(data["observed"]),
        expected: number(data["expected"]),
        low: number(data["low"]),
        high: number(data["high"]),
        score: number(data["score"]),
        historical: data["historical"] === true,
      },
    ];
  },
});
