import type { DeltaLakeTable } from "@ecap/adapter-delta";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { row, schema, suiteTables, type TableRow } from "./table-fixture.ts";

type Rows = readonly TableRow[];

/** An operation on the table, and the same on an array. */
interface Step {
  readonly name: string;
  on(table: DeltaLakeTable, version: number): Promise<unknown>;
  model(rows: Rows, versions: readonly Rows[]): Rows;
}

/** A condition in SQL and in TypeScript; undefined is SQL's NULL. */
interface Condition {
  readonly sql: string;
  is(row: TableRow): boolean | undefined;
}

const part = fc.constantFrom("a", "b", "ü/=", null);
const small = fc.integer({ min: 0, max: 12 });
const condition: fc.Arbitrary<Condition> = fc.oneof(
  small.map((k) => ({ sql: `id < ${k}`, is: ({ id }: TableRow) => id < k })),
  small.map((k) => ({
    sql: `id IN (${k}, ${k + 2})`,
    is: ({ id }: TableRow) => id === k || id === k + 2,
  })),
  small.map((k) => ({
    sql: `n >= ${k}`,
    is: ({ n }: TableRow) => (n === null ? undefined : n >= k),
  })),
  fc.constantFrom("a", "b").map((p) => ({
    sql: `part = '${p}'`,
    is: (r: TableRow) => (r.part === null ? undefined : r.part === p),
  })),
  fc.constant({
    sql: "part IS NULL OR n IS NULL",
    is: (r: TableRow) => r.part === null || r.n === null,
  }),
  fc.constant({
    sql: "word NOT LIKE 'w%'",
    is: (r: TableRow) => (r.word === null ? undefined : !r.word.startsWith("w")),
  }),
);
const someRows = fc.uniqueArray(
  fc.record({
    part,
    id: small,
    n: fc.option(fc.integer({ min: -5, max: 20 }), { nil: null }),
    word: fc.option(fc.constantFrom("w", "é'\"", ""), { nil: null }),
  }),
  { selector: ({ id }) => id, maxLength: 8 },
);
const given = (rows: Rows) => rows.map(({ id, ...more }) => row(id, more));

/** Rows with ids the table lacks, as every row of the model has an id of its own. */
const append = someRows.map(
  (rows): Step => ({
    name: "append",
    on: (table) =>
      table.merge({
        rows: given(rows),
        on: "target.id = source.id",
        whenNotMatched: [{ insert: "all" }],
      }),
    model: (before) => [...before, ...rows.filter(({ id }) => !before.some((r) => r.id === id))],
  }),
);
const remove = condition.map(
  (where): Step => ({
    name: `delete ${where.sql}`,
    on: (table) => table.delete({ where: where.sql }),
    model: (rows) => rows.filter((r) => where.is(r) !== true),
  }),
);
const update = fc.tuple(condition, part).map(
  ([where, to]): Step => ({
    name: `update ${where.sql}`,
    on: (table) =>
      table.update({
        set: {
          n: "n + 1",
          part: to === null ? "NULL" : `'${to}'`,
          word: "coalesce(word, '') || part",
        },
        where: where.sql,
      }),
    model: (rows) =>
      rows.map((r) =>
        where.is(r) === true
          ? {
              ...r,
              n: r.n === null ? null : r.n + 1,
              part: to,
              word: r.part === null ? null : (r.word ?? "") + r.part,
            }
          : r,
      ),
  }),
);
const merge = fc.tuple(someRows, small).map(
  ([rows, k]): Step => ({
    name: `merge ${rows.length} ${k}`,
    on: (table) =>
      table.merge({
        rows: given(rows),
        on: "target.id = source.id",
        whenMatched: [{ condition: `source.n > ${k}`, delete: true }, { update: "all" }],
        whenNotMatched: [{ condition: "source.part = 'a'", insert: "all" }],
        whenNotMatchedBySource: [
          { condition: `target.id > ${k}`, update: { n: "-1" } },
          { condition: "target.part = 'b'", delete: true },
        ],
      }),
    model: (before) => {
      const source = new Map(rows.map((r) => [r.id, r]));
      const kept = before.flatMap((r) => {
        const other = source.get(r.id);
        if (other) return other.n !== null && other.n > k ? [] : [other];
        if (r.id > k) return [{ ...r, n: -1 }];
        return r.part === "b" ? [] : [r];
      });
      const isNew = ({ id, part: p }: TableRow) => p === "a" && !before.some((r) => r.id === id);
      return [...kept, ...rows.filter(isNew)];
    },
  }),
);
const overwrite = someRows.map(
  (rows): Step => ({
    name: "overwrite",
    on: (table) => table.overwrite(given(rows)),
    model: () => rows,
  }),
);
const overwriteWhere = fc.tuple(condition, someRows).map(([where, rows]): Step => {
  const fitting = rows.filter((r) => where.is(r) === true).map((r) => ({ ...r, id: r.id }));
  return {
    name: `overwrite where ${where.sql}`,
    async on(table) {
      const ids = fitting.map(({ id }) => id).join(", ") || "-1";
      await table.delete({ where: `id IN (${ids})` });
      await table.overwrite(given(fitting), { replace: { where: where.sql } });
    },
    model: (before) => [
      ...before.filter((r) => where.is(r) !== true && !fitting.some(({ id }) => id === r.id)),
      ...fitting,
    ],
  };
});
const optimize = fc.constant<Step>({
  name: "optimize",
  on: (table) => table.optimize(),
  model: (rows) => rows,
});
const restore = fc.nat().map(
  (seed): Step => ({
    name: "restore",
    on: (table, version) => table.restore({ version: seed % (version + 1) }),
    model: (_, versions) => versions[seed % versions.length] ?? [],
  }),
);
const steps = fc.array(
  fc.oneof(append, remove, update, merge, overwrite, overwriteWhere, optimize, restore),
  { minLength: 1, maxLength: 12 },
);

const suite = suiteTables();

const numRuns = Number(process.env["ECAP_ROUNDS"] ?? 12);
let run = 0;
it("gives the rows of a naive model at every version, whatever is done (property)", async () => {
  await fc.assert(
    fc.asyncProperty(
      someRows,
      steps,
      fc.boolean(),
      fc.boolean(),
      async (first, sequence, marks, feeds) => {
        const path = `t${run++}`;
        const table = suite.fixture.open(path);
        const properties = {
          "delta.enableDeletionVectors": String(marks),
          "delta.enableChangeDataFeed": String(feeds),
        };
        await table.create(schema, { properties });
        await table.append(given(first));
        const versions: Rows[] = [[]];
        let rows: Rows = first;
        const noteVersions = async () => {
          const { version } = await table.snapshot();
          while (versions.length <= version) versions.push(rows);
          return version;
        };
        for (const step of sequence) {
          const version = await noteVersions();
          const next = step.model(rows, versions);
          await step.on(table, version);
          // What a step does in two commits shows its result at the second.
          const now = (await table.snapshot()).version;
          for (let v = version + 1; v < now; v++) versions.push(await readRows(path, v));
          rows = next;
          expect(await readRows(path, now), step.name).toEqual(sorted(rows));
        }
        await noteVersions();
        for (const [version, expected] of versions.entries()) {
          expect(await readRows(path, version)).toEqual(sorted(expected));
        }
        for (const [version, expected] of versions.entries()) {
          if (!feeds || version === 0) continue;
          const changes = await changesOf(table, version);
          expect(applied(versions[version - 1] ?? [], changes)).toEqual(sorted(expected));
        }
        await table.close();
      },
    ),
    { numRuns },
  );
}, 600_000);

async function readRows(path: string, version: number): Promise<Rows> {
  return (await suite.fixture.rows(path, version)) as unknown as Rows;
}

interface ChangedRow extends TableRow {
  readonly _change_type: string;
}

async function changesOf(table: DeltaLakeTable, version: number): Promise<readonly ChangedRow[]> {
  const changes: ChangedRow[] = [];
  for await (const rows of table.changes({ from: version, to: version })) {
    changes.push(...(rows as unknown as readonly ChangedRow[]));
  }
  return changes;
}

/** The rows after the changes. What goes must be there, each row as it says. */
function applied(before: Rows, changes: readonly ChangedRow[]): Rows {
  const isGone = ({ _change_type }: ChangedRow) =>
    /^(?:delete|update_preimage)$/.test(_change_type);
  const left = sorted(before).map((each) => JSON.stringify(each));
  const came = sorted(changes.filter((change) => !isGone(change)));
  for (const gone of sorted(changes.filter(isGone))) {
    const at = left.indexOf(JSON.stringify(gone));
    expect(at, JSON.stringify(gone)).toBeGreaterThanOrEqual(0);
    left.splice(at, 1);
  }
  return sorted([...left.map((text) => JSON.parse(text) as TableRow), ...came]);
}

function sorted(rows: Rows): Rows {
  return rows
    .map(({ part: p, id, n, word }) => ({ part: p, id, n, word }))
    .toSorted((a, b) => a.id - b.id);
}
