import { encodeEvent } from "@ecap/sdk";
import { type Topology, topology } from "@ecap/sdk/streams";
import { decisionMade } from "../fraud-events.ts";
import { alertOf } from "./alert.ts";
import type { CaseContext } from "./case-context.ts";
import { labelOfChargeback } from "./labels/bank-word.ts";

/** Takes in the decisions to alert on. An alert is known by its payment, so that a batch that is tried again makes no second one. */
export function caseTopology(context: CaseContext): Topology {
  const { outcomes } = context.options;
  return topology("fraud-cases")
    .from({ topics: [decisionMade.topic] })
    .filter(({ type }) => type === decisionMade.type)
    .process(async (events) => {
      const alerts = events.flatMap((event) => alertOf(event, outcomes) ?? []);
      if (alerts.length === 0) return;
      // Loaded here, for the query builder takes longer to load than all else of the plugin.
      const { takeAlerts } = await import("./take-alerts.ts");
      await takeAlerts(await context.open(), alerts, context.options, context.clock.now());
    });
}

/** Chargebacks as labels: the bank's word, known when the chargeback came. */
export function bankLabelTopology(): Topology {
  return topology("fraud-bank-labels")
    .from({ topics: ["transactions"] })
    .filter(({ type }) => type === "chargeback.received")
    .process(async (events, context) => {
      for (const event of events) {
        const data = labelOfChargeback(event);
        if (data === undefined) continue;
        context.emit(
          "fraud-alerts",
          encodeEvent({
            id: context.derivedId(event.id, 0),
            type: "label.recorded",
            source: "ecap/fraud",
            tenant: event.tenant,
            time: event.time,
            receivedAt: event.receivedAt,
            dataschema: "label.recorded/1",
            actor: event.actor,
            context: {},
            data,
          }),
        );
      }
    });
}
