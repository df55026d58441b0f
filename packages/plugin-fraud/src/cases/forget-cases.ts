import type { CaseContext } from "./case-context.ts";
import { fileKey } from "./case-files.ts";

const dayMs = 86_400_000;
/** Cases of one transaction, and most of one run. */
const atOnce = 200;
const mostOfRun = 20_000;

/** Removes cases that were closed longer ago than they are kept, or were merged into one that is gone, with all that belongs to them. Resolves how many. */
export async function forgetCases(
  context: CaseContext,
  signal?: AbortSignal,
): Promise<{ readonly removed: number }> {
  const db = await context.open();
  const before = new Date(context.clock.now() - context.options.keepDays * dayMs);
  let removed = 0;
  while (removed < mostOfRun) {
    signal?.throwIfAborted();
    const old = await db
      .selectFrom("cases as c")
      .select(["c.tenant", "c.number"])
      .where((eb) =>
        eb.or([
          eb("c.closed_at", "<", before),
          eb.and([
            eb("c.state", "=", "merged"),
            eb.not(
              eb.exists(
                eb
                  .selectFrom("cases as into")
                  .select("into.number")
                  .whereRef("into.tenant", "=", "c.tenant")
                  .whereRef("into.number", "=", "c.merged_into"),
              ),
            ),
          ]),
        ]),
      )
      .limit(atOnce)
      .execute();
    if (old.length === 0) break;
    for (const { tenant, number } of old) await forget(context, tenant, number);
    removed += old.length;
  }
  return { removed };
}

async function forget(context: CaseContext, tenant: string, number: number): Promise<void> {
  const db = await context.open();
  const files = await db
    .selectFrom("case_files")
    .select("id")
    .where("tenant", "=", tenant)
    .where("case_number", "=", number)
    .execute();
  // The bytes first: a row without them is found again, bytes without a row would stay for good.
  for (const { id } of files) await context.objects().delete(fileKey(tenant, id));
  await db.transaction().execute(async (trx) => {
    for (const table of ["case_files", "case_events", "case_entities", "case_alerts"] as const)
      await trx
        .deleteFrom(table)
        .where("tenant", "=", tenant)
        .where("case_number", "=", number)
        .execute();
    await trx
      .deleteFrom("cases")
      .where("tenant", "=", tenant)
      .where("number", "=", number)
      .execute();
  });
}
