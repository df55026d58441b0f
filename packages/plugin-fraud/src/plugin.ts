import {
  type DataSubject,
  definePlugin,
  EcapError,
  encodeEvent,
  optional,
  type QueryEngine,
  serviceToken,
} from "@ecap/sdk";
import { commerceEvents } from "@ecap/sdk/commerce";
import { topology } from "@ecap/sdk/streams";
import type { CaseContext } from "./cases/case-context.ts";
import { caseRetentionJob } from "./cases/case-retention-job.ts";
import { caseMigrations } from "./cases/case-tables.ts";
import { bankLabelTopology, caseTopology } from "./cases/case-topologies.ts";
import { exportCases } from "./cases/export-cases.ts";
import { createCases } from "./cases/open-cases.ts";
import type { FraudService } from "./contract.ts";
import { countPayment, type DecideOptions, decide } from "./decide.ts";
import { withCounterfactuals } from "./decision-counterfactuals.ts";
import { createDecisionLog } from "./decision-log.ts";
import { decisionsTable } from "./decisions-table.ts";
import { createFeatureDesk, type FeatureDesk } from "./features/feature-desk.ts";
import { alertRaised, decisionEvents, decisionMade, declinesCapped } from "./fraud-events.ts";
import { createFraudModels, type FraudModels } from "./models/fraud-models.ts";
import { modelAlertRaised, modelAlertResolved } from "./models/model-events.ts";
import { defaultOptions, fraudOptions } from "./options.ts";
import { createRiskBook, type RiskBook } from "./rules/risk/risk-book.ts";
import { createRuleBook, type RuleBook } from "./rules/rule-book.ts";
import { createRuleDesk, type RuleDesk } from "./rules/rule-desk.ts";
import {
  type BacktestRequest,
  type LakeBacktestReport,
  runBacktest,
} from "./rules/run-backtest.ts";
import { createAnomalyWatch } from "./signals/anomaly-watch.ts";
import { createFraudSignals, type FraudSignals } from "./signals/fraud-signals.ts";
import { assessedEvents, refundEvents, toRefund, toTransaction } from "./transaction.ts";

const consumed: ReadonlySet<string> = new Set([
  ...assessedEvents,
  ...refundEvents,
  "chargeback.received",
  "label.recorded",
]);

const topics: Readonly<Record<string, string>> = {
  [decisionMade.type]: decisionMade.topic,
  [alertRaised.type]: alertRaised.topic,
  [declinesCapped.type]: declinesCapped.topic,
};

/** Where changes are written down, if the platform keeps an audit log. */
interface AuditLog {
  audit(entry: {
    readonly tenant: string;
    readonly actor: string;
    readonly action: string;
    readonly target: string;
    readonly outcome: "success";
    readonly details?: Readonly<Record<string, string | number | boolean>>;
  }): Promise<void>;
}

/** The service with what the plugin's own topology and routes need beside the contract. */
export interface FraudRuntime extends FraudService {
  readonly decideOptions: DecideOptions;
  readonly rules: RuleBook;
  readonly risks: RiskBook;
  readonly desk: RuleDesk;
  readonly features: FeatureDesk;
  readonly signals: FraudSignals;
  readonly backtest: (request: BacktestRequest) => Promise<LakeBacktestReport>;
  readonly engine: () => QueryEngine;
  readonly models: FraudModels;
  /** Absent without a database. */
  readonly cases: CaseContext | undefined;
}

/** Fraud decisions: velocity, rules and one ONNX model in one explained answer. */
export const fraud = definePlugin({
  name: "fraud",
  version: "0.1.0",
  sdk: "0.x",
  requires: ["eventLog", "stateStore"],
  // By its structure, so that the package need not be installed.
  dependsOn: { governance: optional(serviceToken<AuditLog>("governance")) },
  options: fraudOptions,
  events: {
    consumes: commerceEvents.filter(({ type }) => consumed.has(type)),
    produces: [decisionMade, alertRaised, declinesCapped, modelAlertRaised, modelAlertResolved],
  },
  topics: { "fraud-decisions": { partitions: 4 } },
  tables: [decisionsTable],
  migrations: caseMigrations,
  personalData: {
    holds: [
      {
        what: "fraud decisions",
        where: "table decisions, topics fraud-decisions and fraud-alerts",
        fields: [
          "customer_id",
          "country",
          "amount",
          "features (where the IP address is among them)",
          "facts (ids of card, device, IP address; hashes of e-mail address, telephone number and device)",
        ],
        purpose: "fraud prevention",
        retention: "with the table",
      },
      {
        what: "velocity counters",
        where: "state features/fraud/*",
        fields: [
          "customer id",
          "card token",
          "device id",
          "IP address",
          "hashes of e-mail address, telephone number and device",
          "last place, usual hours and amounts",
        ],
        purpose: "fraud prevention",
        retention: "at most 180 days after the last payment",
      },
      {
        what: "lists that rules look up, and snoozes of rules",
        where: "state fraud/rules/*/list/*",
        fields: ["what people put in: customer ids, card tokens, device ids, IP addresses"],
        purpose: "fraud prevention",
        retention: "as long as each entry says, or until it is removed",
      },
      {
        what: "cases of payments to look at, with notes and files",
        where: "database fraud, objects fraud-cases/*",
        fields: [
          "customer id",
          "card token",
          "device id",
          "IP address",
          "country",
          "amount",
          "what analysts write and add",
        ],
        purpose: "fraud prevention",
        retention: "two years after a case is closed, unless the option says otherwise",
      },
    ],
    export: async (service: FraudRuntime, subject) => ({
      decisions: await exportDecisions(service, subject),
      cases: await exportCases(service.cases, subject),
    }),
    // Neither counters nor rows can be removed one person at a time yet, and saying 0 would be untrue.
    erase: () =>
      Promise.reject(
        new EcapError(
          "ECAP_ERASURE_UNSUPPORTED",
          "fraud decisions and velocity counters cannot be erased one person at a time yet",
        ),
      ),
  },
  setup(ctx, options = defaultOptions, { governance }): FraudRuntime {
    const { eventLog, stateStore } = ctx.ports;
    const rules = createRuleBook({
      stateStore,
      clock: ctx.clock,
      logger: ctx.logger,
      modelPoints: options.modelPoints,
    });
    const audit: CaseContext["audit"] = async (entry) => {
      ctx.logger.info({ action: entry.action, target: entry.target }, "changed");
      await governance?.audit({ ...entry, outcome: "success" });
    };
    const risks = createRiskBook({ stateStore, clock: ctx.clock, logger: ctx.logger });
    const desk = createRuleDesk({ stateStore, clock: ctx.clock, book: rules, audit });
    const signals = createFraudSignals(options);
    const models = createFraudModels(ctx, options, audit);
    const cases = createCases(ctx, { options: options.cases, desk, audit });
    const log = createDecisionLog(
      eventLog,
      (type) => topics[type] ?? decisionMade.topic,
      ctx.logger,
    );
    const decideOptions: DecideOptions = {
      signals: signals.read,
      anomalies: createAnomalyWatch(),
      risks,
      stateStore,
      clock: ctx.clock,
      rules,
      thresholds: options.thresholds,
      models: models.server,
    };
    return {
      decideOptions,
      rules,
      risks,
      desk,
      signals,
      features: createFeatureDesk({
        stateStore,
        clock: ctx.clock,
        engine: () => ctx.port("queryEngine"),
      }),
      backtest: (request) =>
        runBacktest(
          { book: rules, engine: ctx.port("queryEngine"), thresholds: options.thresholds },
          request,
        ),
      engine: () => ctx.port("queryEngine"),
      models,
      cases,
      async assess(transaction, { durability = "after", explain = false } = {}) {
        const made = await decide(transaction, decideOptions);
        const decided = explain
          ? await withCounterfactuals(await models.explained(made), {
              models,
              thresholds: options.thresholds,
            })
          : made;
        await log.room();
        const recorded = log.append(decisionEvents(decided.payment, decided));
        if (durability === "before") await recorded;
        else recorded.catch(() => {});
        return decided.decision;
      },
      flush: () => log.flush(),
    };
  },
  jobs: ({ models, risks, engine, cases }) => [
    ...models.jobs(engine),
    risks.job(engine),
    ...(cases === undefined ? [] : [caseRetentionJob(cases)]),
  ],
  topologies: (service) => [
    topology("fraud-assess")
      .from({ topics: ["transactions"] })
      .filter(({ type }) => assessedEvents.includes(type) || refundEvents.includes(type))
      .process(async (events, context) => {
        for (const event of events) {
          if (refundEvents.includes(event.type)) {
            await countPayment(toRefund(event), service.decideOptions.stateStore);
            continue;
          }
          const transaction = toTransaction(event);
          if (transaction.failed === true) {
            await countPayment(transaction, service.decideOptions.stateStore);
            continue;
          }
          const decided = await decide(transaction, service.decideOptions);
          for (const made of decisionEvents(decided.payment, decided))
            context.emit(topics[made.type] ?? decisionMade.topic, encodeEvent(made));
        }
      }),
    bankLabelTopology(),
    ...(service.cases === undefined ? [] : [caseTopology(service.cases)]),
  ],
  models: (service) => service.models.served(),
  start: async (service) => {
    await service.signals.start();
    await service.features.register();
    await service.models.start();
  },
  stop: async (service) => {
    await service.flush();
    await service.models.close();
  },
  http: () => import("./http.ts"),
});

async function exportDecisions(
  service: FraudRuntime,
  { tenant, customerId }: DataSubject,
): Promise<unknown> {
  if (customerId === undefined) return [];
  // Loaded here, for the query builder takes longer to load than all else of the plugin.
  const { listDecisions } = await import("./list-decisions.ts");
  const { items } = await listDecisions(service.engine(), { tenant, customerId, limit: 10_000 });
  return items;
}
