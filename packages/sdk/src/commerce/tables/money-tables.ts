import { defineLakeTable } from "../../lake/lake-table.ts";
import { channelOf } from "../channel.ts";
import { readInstant } from "../instant.ts";
import {
  actorCells,
  actorColumns,
  channelCell,
  countryOf,
  id,
  moneyCell,
  moneyType,
  number,
  text,
} from "./cells.ts";

const topic = "transactions";

export const paymentsTable = defineLakeTable({
  name: "payments",
  description: "Payments authorised, captured and failed, and chargebacks",
  columns: [
    { name: "payment_id", type: "string" },
    { name: "order_id", type: "string" },
    {
      name: "status",
      type: "string",
      nullable: false,
      description: "authorised, captured, failed or charged_back",
    },
    { name: "amount", type: moneyType },
    { name: "currency", type: "string" },
    { name: "payment_method", type: "string" },
    { name: "provider", type: "string" },
    { name: "card_id", type: "string", description: "A token, never a card number" },
    { name: "card_brand", type: "string" },
    { name: "card_country", type: "string" },
    { name: "failure_code", type: "string" },
    { name: "reason", type: "string" },
    { name: "country", type: "string" },
    { name: "ip", type: "string", description: "The address the payer paid from" },
    ...actorColumns,
  ],
  from: [
    {
      topic,
      types: ["payment.authorised", "payment.captured", "payment.failed", "chargeback.received"],
    },
  ],
  rows(event) {
    const { data, type } = event;
    return [
      {
        payment_id: id(data["payment_id"]),
        order_id: id(data["order_id"]),
        status: type === "chargeback.received" ? "charged_back" : type.slice("payment.".length),
        amount: moneyCell(data["amount"]),
        currency: text(data["currency"]),
        payment_method: text(data["payment_method"]),
        provider: text(data["provider"]),
        card_id: id(data["card_id"]),
        card_brand: text(data["card_brand"]),
        card_country: text(data["card_country"]),
        failure_code: text(data["failure_code"]),
        reason: text(data["reason"]),
        country: countryOf(event),
        ip: event.context.ip ?? null,
        ...actorCells(event),
      },
    ];
  },
});

export const adjustmentsTable = defineLakeTable({
  name: "adjustments",
  description: "Amounts added to revenue (positive) or written off (negative)",
  columns: [
    { name: "adjustment_id", type: "string", nullable: false },
    { name: "order_id", type: "string" },
    { name: "amount", type: moneyType },
    { name: "currency", type: "string" },
    { name: "reason", type: "string" },
    { name: "description", type: "string" },
    { name: "country", type: "string" },
    { name: "channel", type: "string" },
    ...actorColumns,
  ],
  from: [{ topic, types: ["adjustment.posted"] }],
  rows(event) {
    const { data } = event;
    return [
      {
        event_time: readInstant(data["occurred_at"]),
        adjustment_id: id(data["adjustment_id"]) ?? event.id,
        order_id: id(data["order_id"]),
        amount: moneyCell(data["amount"]),
        currency: text(data["currency"]),
        reason: text(data["reason"]),
        description: text(data["description"]),
        country: countryOf(event),
        channel: channelCell(event),
        ...actorCells(event),
      },
    ];
  },
});

export const shipmentsTable = defineLakeTable({
  name: "shipments",
  description: "What became of shipments",
  columns: [
    { name: "shipment_id", type: "string" },
    { name: "order_id", type: "string" },
    { name: "status", type: "string" },
    { name: "carrier", type: "string" },
    { name: "cost", type: moneyType },
    { name: "currency", type: "string" },
  ],
  from: [{ topic, types: ["shipment.updated"] }],
  rows: ({ data }) => [
    {
      shipment_id: id(data["shipment_id"]),
      order_id: id(data["order_id"]),
      status: text(data["status"]),
      carrier: text(data["carrier"]),
      cost: moneyCell(data["cost"]),
      currency: text(data["currency"]),
    },
  ],
});

export const campaignSpendTable = defineLakeTable({
  name: "campaign_spend",
  description: "What campaigns cost, by day",
  columns: [
    { name: "campaign", type: "string" },
    { name: "source", type: "string" },
    { name: "medium", type: "string" },
    { name: "channel", type: "string" },
    { name: "amount", type: moneyType },
    { name: "currency", type: "string" },
    { name: "impressions", type: "double" },
    { name: "clicks", type: "double" },
  ],
  from: [{ topic: "customer-analytics", types: ["campaign.spend_recorded"] }],
  rows({ data }) {
    const campaign = { medium: text(data["medium"]) ?? "", source: text(data["source"]) ?? "" };
    return [
      {
        event_time: readInstant(data["day"]),
        campaign: text(data["campaign"]),
        source: text(data["source"]),
        medium: text(data["medium"]),
        channel: text(data["channel"]) ?? channelOf({ campaign }) ?? null,
        amount: moneyCell(data["amount"]),
        currency: text(data["currency"]),
        impressions: number(data["impressions"]),
        clicks: number(data["clicks"]),
      },
    ];
  },
});

export const labelsTable = defineLakeTable({
  name: "labels",
  description: "What became known of transactions, at the time it became known",
  columns: [
    { name: "labelled_event_id", type: "string" },
    { name: "order_id", type: "string" },
    { name: "payment_id", type: "string" },
    { name: "fraud", type: "boolean", nullable: false },
    { name: "scenario", type: "string" },
    { name: "source", type: "string", description: "analyst, bank, or any other" },
    {
      name: "verdict",
      type: "string",
      description: "fraud, legitimate, or unsure, which takes back what its source said before",
    },
    { name: "labelled_by", type: "string" },
  ],
  from: [{ topic: "fraud-alerts", types: ["label.recorded"] }],
  rows: ({ data }) => [
    {
      labelled_event_id: id(data["event_id"]),
      order_id: id(data["order_id"]),
      payment_id: id(data["payment_id"]),
      fraud: data["fraud"] === true,
      scenario: text(data["scenario"]),
      source: text(data["source"]),
      verdict: text(data["verdict"]) ?? (data["fraud"] === true ? "fraud" : "legitimate"),
      labelled_by: text(data["labelled_by"]),
    },
  ],
});
