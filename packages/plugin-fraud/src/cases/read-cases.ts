import { EcapError } from "@ecap/sdk";
import type { Kysely, Selectable } from "kysely";
import { noSuchCase } from "./case-desk.ts";
import { type CaseState, openStates, type Resolution } from "./case-life.ts";
import { type EntityKind, entityKinds } from "./case-options.ts";
import type {
  AlertRow,
  CaseEventRow,
  CaseRow,
  CaseTables,
  EntityRow,
  FileRow,
} from "./case-tables.ts";
import { groupBy } from "./group-by.ts";

export const caseOrders = ["priority", "due", "newest"] as const;

export interface CaseFilter {
  readonly tenant: string;
  readonly limit: number;
  /** Cases to pass over. */
  readonly offset: number;
  readonly order: (typeof caseOrders)[number];
  /** `open`: all in which something is to be done. */
  readonly state?: CaseState | "open" | undefined;
  readonly queue?: string | undefined;
  /** Empty: nobody's. */
  readonly assignee?: string | undefined;
  readonly resolution?: Resolution | undefined;
  /** Due before, epoch milliseconds. */
  readonly dueBefore?: number | undefined;
  readonly entity?: { readonly kind: EntityKind; readonly value: string } | undefined;
  /** The id of a payment, or of anything payments share. */
  readonly id?: string | undefined;
}

export type CaseOfQueue = Selectable<CaseRow> & {
  readonly entities: ReadonlyArray<Selectable<EntityRow>>;
};

/** Entities that a case is shown with in a list. */
const shownEntities = 6;

/** Cases that fit, with the first of their entities. Gives one more than asked for where there are more. */
export async function listCases(
  db: Kysely<CaseTables>,
  filter: CaseFilter,
): Promise<readonly CaseOfQueue[]> {
  const { tenant, limit, offset, order, state, queue, assignee, resolution } = filter;
  const { dueBefore, entity, id } = filter;
  const rows = await db
    .selectFrom("cases")
    .selectAll()
    .where("tenant", "=", tenant)
    .$if(state === "open", (q) => q.where("state", "in", openStates))
    .$if(state !== undefined && state !== "open", (q) => q.where("state", "=", state as CaseState))
    .$if(queue !== undefined, (q) => q.where("queue", "=", queue ?? ""))
    .$if(assignee === "", (q) => q.where("assignee", "is", null))
    .$if(assignee !== undefined && assignee !== "", (q) => q.where("assignee", "=", assignee ?? ""))
    .$if(resolution !== undefined, (q) => q.where("resolution", "=", resolution ?? "fraud"))
    .$if(dueBefore !== undefined, (q) => q.where("due_at", "<", new Date(dueBefore ?? 0)))
    .$if(entity !== undefined, (q) =>
      q.where("number", "in", (eb) =>
        eb
          .selectFrom("case_entities")
          .select("case_number")
          .where("tenant", "=", tenant)
          .where("kind", "=", entity?.kind ?? "card")
          .where("value", "=", entity?.value ?? ""),
      ),
    )
    .$if(id !== undefined, (q) =>
      q.where((eb) =>
        eb.or([
          eb(
            "number",
            "in",
            eb
              .selectFrom("case_alerts")
              .select("case_number")
              .where("tenant", "=", tenant)
              .where("transaction_id", "=", id ?? ""),
          ),
          eb(
            "number",
            "in",
            eb
              .selectFrom("case_entities")
              .select("case_number")
              .where("tenant", "=", tenant)
              .where("kind", "in", entityKinds)
              .where("value", "=", id ?? ""),
          ),
        ]),
      ),
    )
    .$if(order === "priority", (q) => q.orderBy("expected_loss", "desc"))
    .$if(order === "due", (q) => q.orderBy("due_at", "asc"))
    .orderBy("number", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  if (rows.length === 0) return [];
  const entities = await db
    .selectFrom((from) =>
      from
        .selectFrom("case_entities")
        .selectAll()
        .select((eb) =>
          eb.fn
            .agg<string>("row_number")
            .over((over) =>
              over.partitionBy("case_number").orderBy("kind").orderBy("last_seen", "desc"),
            )
            .as("nth"),
        )
        .where("tenant", "=", tenant)
        .where(
          "case_number",
          "in",
          rows.map(({ number }) => number),
        )
        .as("entity"),
    )
    .selectAll()
    .where("nth", "<=", String(shownEntities))
    .orderBy("nth")
    .execute();
  const byCase = groupBy(entities, ({ case_number }) => case_number);
  return rows.map((row) => ({ ...row, entities: byCase.get(row.number) ?? [] }));
}

export interface WholeCase {
  readonly row: Selectable<CaseRow>;
  readonly alerts: ReadonlyArray<Selectable<AlertRow>>;
  readonly entities: ReadonlyArray<Selectable<EntityRow>>;
  readonly events: ReadonlyArray<Selectable<CaseEventRow>>;
  readonly files: ReadonlyArray<Selectable<FileRow>>;
  /** Other cases with an entity in common, newest first. */
  readonly related: ReadonlyArray<Pick<CaseRow, "number" | "state" | "resolution" | "alerts">>;
}

/** Alerts, newest first, and what was done, of which a case shows no more. */
const shown = { alerts: 1_000, entities: 500, events: 1_000, related: 20 };

export async function readCase(
  db: Kysely<CaseTables>,
  tenant: string,
  number: number,
): Promise<WholeCase> {
  const row = await db
    .selectFrom("cases")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("number", "=", number)
    .executeTakeFirst();
  if (row === undefined) throw noSuchCase(number);
  const [alerts, entities, events, files] = await Promise.all([
    db
      .selectFrom("case_alerts")
      .selectAll()
      .where("tenant", "=", tenant)
      .where("case_number", "=", number)
      .orderBy("expected_loss", "desc")
      .orderBy("transaction_id")
      .limit(shown.alerts)
      .execute(),
    db
      .selectFrom("case_entities")
      .selectAll()
      .where("tenant", "=", tenant)
      .where("case_number", "=", number)
      .orderBy("kind")
      .orderBy("value")
      .limit(shown.entities)
      .execute(),
    db
      .selectFrom("case_events")
      .selectAll()
      .where("tenant", "=", tenant)
      .where("case_number", "=", number)
      .orderBy("at", "desc")
      .orderBy("id", "desc")
      .limit(shown.events)
      .execute(),
    db
      .selectFrom("case_files")
      .selectAll()
      .where("tenant", "=", tenant)
      .where("case_number", "=", number)
      .orderBy("added_at")
      .execute(),
  ]);
  const related = await db
    .selectFrom("cases")
    .select(["number", "state", "resolution", "alerts"])
    .where("tenant", "=", tenant)
    .where("number", "!=", number)
    .where("number", "in", (eb) =>
      eb
        .selectFrom("case_entities as other")
        .innerJoin("case_entities as own", (join) =>
          join
            .onRef("own.tenant", "=", "other.tenant")
            .onRef("own.kind", "=", "other.kind")
            .onRef("own.value", "=", "other.value"),
        )
        .select("other.case_number")
        .where("own.tenant", "=", tenant)
        .where("own.case_number", "=", number),
    )
    .orderBy("number", "desc")
    .limit(shown.related)
    .execute();
  return { row, alerts, entities, events, files, related };
}

export interface CaseCounts {
  readonly queues: ReadonlyArray<{
    readonly queue: string;
    readonly open: number;
    readonly overdue: number;
    readonly expectedLoss: number;
  }>;
}

/** What is open in each queue. */
export async function countCases(
  db: Kysely<CaseTables>,
  tenant: string,
  now: number,
): Promise<CaseCounts> {
  const rows = await db
    .selectFrom("cases")
    .select((eb) => [
      "queue",
      eb.fn.countAll<string>().as("open"),
      eb.fn.countAll<string>().filterWhere("due_at", "<", new Date(now)).as("overdue"),
      eb.fn.sum<number>("expected_loss").as("expected_loss"),
    ])
    .where("tenant", "=", tenant)
    .where("state", "in", openStates)
    .groupBy("queue")
    .orderBy("queue")
    .limit(1_000)
    .execute();
  return {
    queues: rows.map((row) => ({
      queue: row.queue,
      open: Number(row.open),
      overdue: Number(row.overdue),
      expectedLoss: row.expected_loss,
    })),
  };
}

/** The position a page begins at. */
export function offsetOf(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (!/^\d{1,7}$/.test(cursor))
    throw new EcapError("ECAP_REQUEST_INVALID", "cursor: expected `next` of the page before", {
      path: "/cursor",
    });
  return Number(cursor);
}
