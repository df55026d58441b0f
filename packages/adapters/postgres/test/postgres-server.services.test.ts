import { execFileSync, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type PostgresDatabase,
  type PostgresServerOptions,
  postgresDatabase,
} from "@ecap/adapter-postgres";
import { EcapError, type Logger, type Migration } from "@ecap/sdk";
import { type Kysely, sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type OwnServices, ownServices } from "../../../../scripts/services/control.ts";
import { streamingReplica } from "./streaming-replica.ts";

interface Tables {
  readonly notes: { text: string };
}

const createNotes: Migration = {
  name: "0001-notes",
  up: async (db) => db.schema.createTable("notes").addColumn("text", "text").execute(),
};
const count = async (db: Kysely<Tables>) =>
  (await db.selectFrom("notes").selectAll().execute()).length;
const unreachable = { code: "ECAP_SERVICE_UNREACHABLE", retryable: true };
const timedOut = { code: "ECAP_QUERY_TIMEOUT" };

function hasPostgres(): boolean {
  if (process.env["CI"] === "true") return true;
  return process.env["ECAP_TEST_POSTGRES_URL"] !== undefined;
}

// Its faults meet nobody else: the server is the test's own.
describe.skipIf(!hasPostgres())("a PostgreSQL server with faults", () => {
  let own: OwnServices;
  let url: string;
  const opened: PostgresDatabase[] = [];
  beforeAll(async () => {
    own = await ownServices(["postgres"]);
    url = own.env["ECAP_TEST_POSTGRES_URL"] ?? "";
  }, 120_000);
  afterAll(() => own.close());
  afterEach(async () => {
    for (const database of opened.splice(0)) await database.close();
  });

  const database = (options: Partial<PostgresServerOptions> = {}): PostgresDatabase => {
    const made = postgresDatabase({ connectionString: url, ...options });
    opened.push(made);
    return made;
  };
  const superuser = () => database().open<Tables>("superuser", []);

  it("is used again after it was killed and started, by what was opened before", async () => {
    const warnings: string[] = [];
    const db = await database({ logger: keeping(warnings) }).open<Tables>("killed", [createNotes]);
    await db.insertInto("notes").values({ text: "kept" }).execute();
    await own.control.kill("postgres");
    await expect(count(db)).rejects.toMatchObject(unreachable);
    await expect(database().open("killed", [])).rejects.toMatchObject(unreachable);
    await own.control.restart("postgres");
    expect(await count(db)).toBe(1);
    expect(warnings.join("\n")).toContain("a database connection broke");
  });

  it("is given up in time while it is paused, and no connection stays stuck", async () => {
    const limits = { statementTimeoutMs: 300, connectTimeoutMs: 500, maxConnections: 2 };
    const db = await database(limits).open<Tables>("paused", [createNotes]);
    await Promise.all([count(db), count(db)]);
    await own.control.pause("postgres");
    const begun = Date.now();
    const asked = [count(db), count(db), count(db), count(db)];
    const inTransaction = db.transaction().execute((transaction) => count(transaction));
    const outcomes = await Promise.allSettled([...asked, inTransaction]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: unreachable });
    }
    expect(Date.now() - begun).toBeLessThan(15_000);
    await own.control.resume("postgres");
    await expect.poll(() => count(db), { timeout: 10_000 }).toBe(0);
    expect(await Promise.all([count(db), count(db), count(db)])).toEqual([0, 0, 0]);
  });

  it("ends statements, idle transactions and waits for locks and connections at their limits", async () => {
    const limits = { statementTimeoutMs: 200, idleInTransactionTimeoutMs: 200 };
    const db = await database(limits).open<Tables>("limits", [createNotes]);
    await expect(sql`select pg_sleep(20)`.execute(db)).rejects.toMatchObject(timedOut);
    const idle = db.transaction().execute(async (transaction) => {
      await transaction.insertInto("notes").values({ text: "lost" }).execute();
      await new Promise((resolve) => setTimeout(resolve, 600));
      await transaction.insertInto("notes").values({ text: "lost" }).execute();
    });
    await expect(idle).rejects.toMatchObject(unreachable);
    expect(await count(db)).toBe(0);

    const other = await superuser();
    await other.connection().execute(async (connection) => {
      await sql`select pg_advisory_lock(hashtext('ecap/limits'))`.execute(connection);
      await expect(database({ lockTimeoutMs: 200 }).open("limits", [])).rejects.toMatchObject(
        timedOut,
      );
      await sql`select pg_advisory_unlock(hashtext('ecap/limits'))`.execute(connection);
    });
    const slow: Migration = {
      name: "0002-slow",
      up: async (schema) => void (await sql`select pg_sleep(0.5)`.execute(schema)),
    };
    await database(limits).open("limits", [createNotes, slow]);

    const one = await database({ maxConnections: 1, connectTimeoutMs: 200 }).open("limits", []);
    const busy = sql`select pg_sleep(0.8)`.execute(one);
    await expect(sql`select 1`.execute(one)).rejects.toMatchObject(unreachable);
    await busy;
  });

  it("is migrated once by processes that start together", async () => {
    const steps = await Promise.all([0, 1, 2, 3].map(() => migrate(url, "together")));
    for (const found of steps) expect(found).toEqual(["0002", "0003"]);
  });

  it("says who is refused, and never with the password", async () => {
    const db = await superuser();
    const password = "a-password-that-nobody-logs";
    await sql`create role guarded login password 'the right one'`.execute(db);
    await hba(db, "host all guarded 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust");
    const { host } = new URL(url);
    const lines: string[] = [];
    const logger = keeping(lines);
    const cases = [
      [`postgres://guarded:${password}@${host}/postgres`, "ECAP_SERVICE_DENIED"],
      [`postgres://ecap:${password}@${host}/no_such_database`, "ECAP_CONFIG_INVALID"],
      [`postgres://ecap:${password}@127.0.0.1:1/postgres`, "ECAP_SERVICE_UNREACHABLE"],
      [`postgres://ecap:${password}@no.such.host.invalid/postgres`, "ECAP_SERVICE_UNREACHABLE"],
      [`postgres://ecap:${password}@[/postgres`, "ECAP_CONFIG_INVALID"],
    ] as const;
    for (const [connectionString, code] of cases) {
      const error = await database({ connectionString, logger })
        .open("x", [])
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(everythingIn(error)).not.toContain(password);
    }
    expect(lines.join("\n")).not.toContain(password);
    const right = `postgres://guarded:the%20right%20one@${host}/postgres`;
    await sql`grant create on database postgres to guarded`.execute(db);
    await database({ connectionString: right }).open("guarded_notes", [createNotes]);
    const limited = await database({ connectionString: right }).open<Tables>("guarded_notes", []);
    await expect(sql`select * from killed.ecap_migrations`.execute(limited)).rejects.toMatchObject({
      code: "ECAP_SERVICE_DENIED",
    });
  });

  it("is spoken to by TLS, with its certificate checked", async () => {
    const db = await superuser();
    const ca = await turnTlsOn(db);
    const safe = await database({ tls: { ca } }).open("tls", []);
    const { rows } = await sql<{ ssl: boolean }>`
      select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(safe);
    expect(rows).toEqual([{ ssl: true }]);
    await expect(database({ tls: true }).open("tls", [])).rejects.toMatchObject(unreachable);
    const strict = database({ connectionString: `${url}?sslmode=verify-full` });
    await expect(strict.open("tls", [])).rejects.toMatchObject(unreachable);
  });

  it("has its reports answered by a replica, which takes no writes", async () => {
    const replica = await streamingReplica(url);
    try {
      const both = database({ readUrl: replica.url });
      const main = await both.open<Tables>("reports", [createNotes]);
      const reader = await both.openReadOnly<Tables>("reports");
      for (const text of ["a", "b"]) await main.insertInto("notes").values({ text }).execute();
      await expect.poll(() => count(reader).catch(() => 0), { timeout: 30_000 }).toBe(2);
      const { rows } = await sql<{ replica: boolean }>`
        select pg_is_in_recovery() as replica`.execute(reader);
      expect(rows).toEqual([{ replica: true }]);
      const written = reader.insertInto("notes").values({ text: "c" }).execute();
      await expect(written).rejects.toThrow("read-only");
      await both.close();
      await expect(both.openReadOnly("reports")).rejects.toMatchObject({
        code: "ECAP_STORAGE_CLOSED",
      });
    } finally {
      await replica.close();
    }
    const alone = await database().openReadOnly<Tables>("reports");
    expect(await count(alone)).toBe(2);
    await expect(sql`delete from reports.notes`.execute(alone)).rejects.toThrow("read-only");
  });
});

/** Rules of who may connect how, in place of those the server has. */
async function hba(db: Kysely<Tables>, rules: string): Promise<void> {
  const { rows } = await sql<{ file: string }>`select current_setting('hba_file') as file`.execute(
    db,
  );
  await write(db, rows[0]?.file ?? "", `${rules}\nhost replication all 127.0.0.1/32 trust`);
  await sql`select pg_reload_conf()`.execute(db);
}

/** Writes a file as the server's user. */
async function write(db: Kysely<Tables>, file: string, content: string): Promise<void> {
  const encoded = Buffer.from(content).toString("base64");
  const command = `base64 -d > ${file} && chmod 600 ${file}`;
  await sql.raw(`copy (select '${encoded}') to program '${command}'`).execute(db);
}

/** The certificate the server shows from now on. */
async function turnTlsOn(db: Kysely<Tables>): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "ecap-tls-"));
  const [key, certificate] = [join(dir, "key"), join(dir, "crt")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject];
  execFileSync("openssl", [...request, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const ca = readFileSync(certificate, "utf8");
  const { rows } = await sql<{ dir: string }>`
    select current_setting('data_directory') as dir`.execute(db);
  await write(db, `${rows[0]?.dir}/server.key`, readFileSync(key, "utf8"));
  await write(db, `${rows[0]?.dir}/server.crt`, ca);
  rmSync(dir, { recursive: true });
  await sql`alter system set ssl = on`.execute(db);
  await sql`select pg_reload_conf()`.execute(db);
  return ca;
}

/** Another process that opens the database; resolves what its migrations left. */
function migrate(url: string, owner: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, "migrate-child.ts"), [url, owner], {
      execArgv: ["--import", "tsx", "--conditions=@ecap/source"],
    });
    child.on("message", resolve);
    child.on("error", reject);
    child.on("exit", (code) => code !== 0 && reject(new Error(`exit ${code}`)));
  });
}

function keeping(lines: string[]): Logger {
  const keep = (...line: unknown[]) => void lines.push(JSON.stringify(line));
  const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
  return logger;
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const received = error instanceof EcapError ? String(error.received) : "";
  const own = [error.message, error.stack, received, JSON.stringify(error)];
  return [...own, ...(error.cause === undefined ? [] : [everythingIn(error.cause)])].join("\n");
}
