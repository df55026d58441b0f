import { readFile } from "node:fs/promises";
import {
  type DataSubject,
  definePlugin,
  EcapError,
  encodeEvent,
  isEcapError,
  type Logger,
  type ModelInfo,
  type ModelRuntime,
  optional,
  type QueryEngine,
  serviceToken,
} from "@ecap/sdk";
import { commerceEvents } from "@ecap/sdk/commerce";
import { createScorer, type Scorer } from "@ecap/sdk/models";
import { topology } from "@ecap/sdk/streams";
import type { Kysely } from "kysely";
import type { CaseContext } from "./cases/case-context.ts";
import { type CaseTables, caseMigrations } from "./cases/case-tables.ts";
import { bankLabelTopology, caseTopology } from "./cases/case-topologies.ts";
import type { FraudService } from "./contract.ts";
import { countPayment, type DecideOptions, decide } from "./decide.ts";
import { createDecisionLog } from "./decision-log.ts";
import { decisionsTable } from "./decisions-table.ts";
import { alertRaised, decisionEvents, decisionMade, declinesCapped } from "./fraud-events.ts";
import { featureNames } from "./fraud-features.ts";
import { defaultOptions, fraudOptions } from "./options.ts";
import { createRuleBook, type RuleBook } from "./rules/rule-book.ts";
import { createRuleDesk, type RuleDesk } from "./rules/rule-desk.ts";
import {
  type BacktestRequest,
  type LakeBacktestReport,
  runBacktest,
} from "./rules/run-backtest.ts";
import { assessedEvents, toTransaction } from "./transaction.ts";

const consumed: ReadonlySet<string> = new Set([
  ...assessedEvents,
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
  readonly desk: RuleDesk;
  readonly backtest: (request: BacktestRequest) => Promise<LakeBacktestReport>;
  readonly engine: () => QueryEngine;
  /** Absent without a database. */
  readonly cases: CaseContext | undefined;
  /** The model it decides with, once it is loaded. */
  readonly models: () => readonly ModelInfo[];
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
    produces: [decisionMade, alertRaised, declinesCapped],
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
          "features",
          "facts (ids of card, device, IP address)",
        ],
        purpose: "fraud prevention",
        retention: "with the table",
      },
      {
        what: "velocity counters",
        where: "state features/fraud/*",
        fields: ["customer id", "card token", "device id", "IP address"],
        purpose: "fraud prevention",
        retention: "at most 60 days after the last payment",
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
        retention: "kept",
      },
    ],
    export: (service: FraudRuntime, subject) => exportDecisions(service, subject),
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
    const audit = async (entry: Omit<Parameters<AuditLog["audit"]>[0], "outcome">) => {
      ctx.logger.info({ action: entry.action, target: entry.target }, "changed");
      await governance?.audit({ ...entry, outcome: "success" });
    };
    const desk = createRuleDesk({
      stateStore,
      clock: ctx.clock,
      book: rules,
      audit,
    });
    let tables: Promise<Kysely<CaseTables>> | undefined;
    const cases: CaseContext | undefined = ctx.has("database")
      ? {
          open() {
            tables ??= ctx
              .port("database")
              .open<CaseTables>("fraud", caseMigrations)
              .catch((error: unknown) => {
                tables = undefined;
                throw error;
              });
            return tables;
          },
          options: options.cases,
          clock: ctx.clock,
          emit: (event) => ctx.emit(event),
          desk,
          engine: () => (ctx.has("queryEngine") ? ctx.port("queryEngine") : undefined),
          objects: () => ctx.port("objectStore"),
          audit,
        }
      : undefined;
    const log = createDecisionLog(
      eventLog,
      (type) => topics[type] ?? decisionMade.topic,
      ctx.logger,
    );
    let scorer: Promise<Scorer> | undefined;
    let loaded: Scorer | undefined;
    const decideOptions: DecideOptions = {
      stateStore,
      clock: ctx.clock,
      rules,
      thresholds: options.thresholds,
      modelTimeoutMs: options.modelTimeoutMs,
      scorer() {
        if (options.model === "none" || !ctx.has("modelRuntime")) return undefined;
        scorer ??= loadScorer(ctx.port("modelRuntime"), options.model, ctx.logger).then(
          (ready) => {
            loaded = ready;
            return ready;
          },
          (error: unknown) => {
            ctx.logger.warn({ error: String(error) }, "the fraud model cannot be used");
            throw error;
          },
        );
        return scorer;
      },
    };
    return {
      decideOptions,
      rules,
      desk,
      backtest: (request) =>
        runBacktest(
          { book: rules, engine: ctx.port("queryEngine"), thresholds: options.thresholds },
          request,
        ),
      engine: () => ctx.port("queryEngine"),
      cases,
      models: () => (loaded === undefined ? [] : [describeModel(loaded)]),
      async assess(transaction, { durability = "after" } = {}) {
        const decided = await decide(transaction, decideOptions);
        await log.room();
        const recorded = log.append(decisionEvents(transaction, decided));
        if (durability === "before") await recorded;
        else recorded.catch(() => {});
        return decided.decision;
      },
      flush: () => log.flush(),
    };
  },
  topologies: (service) => [
    topology("fraud-assess")
      .from({ topics: ["transactions"] })
      .filter((event) => assessedEvents.includes(event.type))
      .process(async (events, context) => {
        for (const event of events) {
          const transaction = toTransaction(event);
          if (transaction.failed === true) {
            await countPayment(transaction, service.decideOptions.stateStore);
            continue;
          }
          const decided = await decide(transaction, service.decideOptions);
          for (const made of decisionEvents(transaction, decided))
            context.emit(topics[made.type] ?? decisionMade.topic, encodeEvent(made));
        }
      }),
    bankLabelTopology(),
    ...(service.cases === undefined ? [] : [caseTopology(service.cases)]),
  ],
  models: (service) => service.models(),
  start: async (service) => {
    // The model is loaded before the first decision needs it. One that does not fit is a mistake to mend; where none can be run the rules decide.
    await service.decideOptions.scorer()?.catch((error: unknown) => {
      if (isEcapError(error, "ECAP_MODEL_INVALID")) throw error;
    });
  },
  stop: (service) => service.flush(),
  http: () => import("./http.ts"),
});

async function loadScorer(
  runtime: ModelRuntime,
  model: "baseline" | Uint8Array,
  logger: Logger,
): Promise<Scorer> {
  const bytes =
    model === "baseline"
      ? await readFile(new URL("../models/baseline.onnx", import.meta.url))
      : model;
  const scorer = await createScorer(runtime, bytes, featureNames);
  logger.info(
    { model: scorer.contract.name, version: scorer.contract.version },
    "fraud model loaded",
  );
  return scorer;
}

function describeModel({ contract }: Scorer): ModelInfo {
  const { name, version, features } = contract;
  return { name, version, features, description: "Probability that a payment is fraud" };
}

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
