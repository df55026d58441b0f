import { type Role, roles } from "@ecap/sdk/http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import { type ApiDescription, addressOf, bodyOf, operationsOf } from "./api-description.ts";

const power: Readonly<Record<Role, number>> = { api_user: 0, viewer: 1, analyst: 2, admin: 3 };
const isRole = (text: string | undefined): text is Role => roles.some((role) => role === text);

describe("who may do what", () => {
  let server: TestServer;
  const keys: Partial<Record<Role, string>> = {};

  beforeAll(async () => {
    server = await startTestServer();
    for (const role of roles) keys[role] = await server.key(role);
  }, 60_000);
  afterAll(() => server.close());

  const call = (method: string, path: string, key: string | undefined, body?: unknown) =>
    fetch(`${server.url}${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  const signIn = (name: unknown, password: unknown) =>
    call("POST", "/v1/session", undefined, { name, password });

  async function otherTenant(role: Role): Promise<string> {
    const { apiKeys } = server.composition.accounts;
    return (await apiKeys.create({ name: "other", role, tenant: "other", createdBy: "test" })).key;
  }

  it("every route of the description answers every role as it says", async () => {
    const description = (await (
      await fetch(`${server.url}/openapi.json`)
    ).json()) as ApiDescription;
    const operations = operationsOf(description).filter(({ role }) => isRole(role));
    expect(operations.length).toBeGreaterThan(20);
    for (const operation of operations) {
      if (operation.path === "/v1/live") continue;
      const { method, role: needed = "" } = operation;
      const body =
        operation.body === undefined
          ? undefined
          : { ...Object(bodyOf(operation.body, "none")), tenant: undefined };
      for (const [role, key] of Object.entries(keys)) {
        const response = await call(method, addressOf(operation), key, body);
        await response.body?.cancel();
        const may =
          needed === "api_user"
            ? role === "api_user" || role === "admin"
            : isRole(role) && isRole(needed) && power[role] >= power[needed];
        const which = `${method} ${operation.path} as ${role}: ${response.status}`;
        if (may) expect([401, 403], which).not.toContain(response.status);
        else expect(response.status, which).toBe(403);
      }
      for (const key of [
        undefined,
        "ecap_aaaaaaaaaaaa_" + "A".repeat(43),
        "nonsense",
        "e30.e30.",
      ]) {
        const response = await call(method, addressOf(operation), key, body);
        expect(response.status, `${method} ${operation.path} with ${key}`).toBe(401);
        expect(response.headers.get("www-authenticate")).toContain("Bearer");
        expect(await response.json()).toMatchObject({ code: "ECAP_UNAUTHENTICATED" });
      }
    }
  }, 60_000);

  it("the live feed is for viewers and above", async () => {
    for (const [role, expected] of [
      ["api_user", 403],
      ["viewer", 200],
    ] as const) {
      const stop = new AbortController();
      const response = await fetch(`${server.url}/v1/live`, {
        headers: { authorization: `Bearer ${keys[role]}` },
        signal: stop.signal,
      });
      expect(response.status).toBe(expected);
      stop.abort();
    }
  });

  it("a revoked key is refused at once", async () => {
    const created = await call("POST", "/v1/admin/api-keys", keys.admin, {
      name: "short",
      role: "viewer",
    });
    const { id, key } = (await created.json()) as { id: string; key: string };
    expect((await call("GET", "/v1/metrics", key)).status).toBe(200);
    expect((await call("DELETE", `/v1/admin/api-keys/${id}`, keys.admin)).status).toBe(200);
    expect((await call("GET", "/v1/metrics", key)).status).toBe(401);
    expect((await call("POST", "/v1/events", key, [])).status).toBe(401);
    const listed = await (await call("GET", "/v1/admin/api-keys", keys.admin)).text();
    expect(listed).toContain(id);
    expect(listed).not.toContain(key);
  });

  it("a tenant sees nothing of another's: numbers, rows, dead letters, keys, people", async () => {
    const order = {
      id: "o1",
      type: "Order Completed",
      actor: { customerId: "secret-customer" },
      data: { order_id: "secret-order", total: 10, currency: "EUR" },
    };
    const bad = { id: "b", type: "Order Completed", data: { order_id: "x", products: 7 } };
    expect((await call("POST", "/v1/events", keys.api_user, [order, bad])).status).toBe(200);
    await server.composition.platform.background?.drain();
    const mine = keys.admin;
    const theirs = await otherTenant("admin");
    const sees = async (method: string, path: string, body?: unknown) => {
      const [own, other] = await Promise.all([
        call(method, path, mine, body).then((response) => response.text()),
        call(method, path, theirs, body).then((response) => response.text()),
      ]);
      return { own: /secret-|"10\.|bad|products/.test(own), other: /secret-|"10\./.test(other) };
    };
    const range = "from=2000-01-01&to=2100-01-01";
    for (const [method, path, body] of [
      ["GET", `/v1/bi/revenue?${range}&grain=month`],
      ["POST", "/v1/query", { sql: "select * from orders" }],
      ["POST", "/v1/query", { sql: "select payload from bronze_transactions" }],
      ["GET", "/v1/customers/rfm"],
      ["GET", "/v1/admin/dead-letters?topic=transactions"],
    ] as const)
      expect(await sees(method, path, body), `${method} ${path}`).toEqual({
        own: true,
        other: false,
      });
    expect(
      await (await call("GET", "/v1/admin/dead-letters?topic=transactions", theirs)).json(),
    ).toEqual({ items: [] });
    const redriven = await call("POST", "/v1/admin/dead-letters/redrive", theirs, {
      topic: "transactions",
    });
    expect(await redriven.json()).toEqual({ items: [] });

    const { items } = (await (await call("GET", "/v1/admin/api-keys", mine)).json()) as {
      items: ReadonlyArray<{ id: string; tenant: string }>;
    };
    expect(new Set(items.map(({ tenant }) => tenant))).toEqual(new Set(["default"]));
    const revoked = await call("DELETE", `/v1/admin/api-keys/${items[0]?.id}`, theirs);
    expect(revoked.status).toBe(404);
    const planted = await call("POST", "/v1/admin/api-keys", theirs, {
      name: "spy",
      role: "admin",
      tenant: "default",
    });
    expect(planted.status).toBe(403);
    for (const path of [
      "/v1/admin/lake/storage",
      "/v1/admin/lake/tables",
      "/v1/admin/tables/orders/history",
      "/v1/admin/lineage/tables/orders",
      "/v1/admin/jobs/any/runs",
      "/v1/admin/boot-plan",
      "/metrics",
    ]) {
      expect((await call("GET", path, theirs)).status, `${path} by another tenant`).toBe(403);
      expect((await call("GET", path, mine)).status, path).toBe(200);
    }
    const maintained = "/v1/admin/lake/tables/orders/maintenance";
    expect((await call("POST", maintained, theirs, { dryRun: true })).status).toBe(403);
    const sameId = await call("POST", "/v1/events", await otherTenant("api_user"), [order]);
    expect(await sameId.json()).toMatchObject({ receipts: [{ status: "accepted" }] });
  }, 30_000);

  it("SQL reaches neither other tenants nor files nor the engine's settings", async () => {
    const theirs = await otherTenant("admin");
    for (const sql of [
      "select * from read_parquet('**/*.parquet')",
      "select * from read_text('/etc/passwd')",
      "select * from 'orders.parquet'",
      "select * from glob('/*')",
      "select 1) ; attach '/tmp/x.db'; select (1",
      "select 1); drop table orders; --",
      "copy (select 1) to '/tmp/ecap-copied.csv'",
      "set memory_limit='100GB'",
      "install httpfs",
      "select * from orders where 1=1) union all (select * from orders",
      "select getenv('HOME')",
      "pragma database_list",
      "",
    ]) {
      const response = await call("POST", "/v1/query", theirs, { sql });
      const text = await response.text();
      expect(response.status, `${sql}: ${text}`).toBeLessThan(500);
      expect(text, sql).not.toMatch(/secret-|root:/);
      if (!sql.includes("union")) expect(response.status, `${sql}: ${text}`).toBe(400);
    }
  }, 30_000);

  describe("signing in", () => {
    let adasToken = "";
    beforeAll(async () => {
      await server.composition.accounts.users.create({
        name: "ada",
        password: "a long password",
        role: "viewer",
        tenant: "default",
      });
    });

    it("gives a token and a cookie no script can read and no other site can send", async () => {
      const response = await signIn("ada", "a long password");
      expect(response.status).toBe(200);
      const cookie = response.headers.get("set-cookie") ?? "";
      for (const flag of ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"])
        expect(cookie).toContain(flag);
      const { token } = (await response.json()) as { token: string };
      adasToken = token;
      expect((await call("GET", "/v1/metrics", token)).status).toBe(200);
      expect((await call("GET", "/v1/admin/users", token)).status).toBe(403);
      const session = cookie.split(";")[0] ?? "";
      const byCookie = await fetch(`${server.url}/v1/session`, { headers: { cookie: session } });
      expect(await byCookie.json()).toMatchObject({ principal: { id: "ada", role: "viewer" } });
      const [header, , signature] = token.split(".");
      const forged = Buffer.from(
        JSON.stringify({ sub: "ada", role: "admin", tenant: "default", iss: "ecap", aud: "ecap" }),
      ).toString("base64url");
      for (const bad of [`${header}.${forged}.${signature}`, `${header}.${forged}.`])
        expect((await call("GET", "/v1/admin/users", bad)).status).toBe(401);
      const none = Buffer.from('{"alg":"none"}').toString("base64url");
      expect((await call("GET", "/v1/admin/users", `${none}.${forged}.`)).status).toBe(401);
      const out = await call("DELETE", "/v1/session", undefined);
      expect(out.headers.get("set-cookie")).toContain("Max-Age=0");
      expect((await call("GET", "/v1/metrics", token)).status).toBe(200);
      const second = await signIn("ada", "a long password");
      const { token: signedOut } = (await second.json()) as { token: string };
      expect((await call("GET", "/v1/metrics", signedOut)).status).toBe(200);
      await call("DELETE", "/v1/session", signedOut);
      expect((await call("GET", "/v1/metrics", signedOut)).status).toBe(401);
      expect((await call("GET", "/v1/metrics", token)).status).toBe(200);
    });

    it("refuses wrong names and passwords alike, odd bodies clearly, and too many tries", async () => {
      const wrong = await signIn("ada", "not her password");
      const nobody = await signIn("nobody", "not her password");
      expect([wrong.status, nobody.status]).toEqual([401, 401]);
      const said = (await wrong.json()) as Record<string, unknown>;
      expect(said).toMatchObject({
        code: "ECAP_UNAUTHENTICATED",
        detail: "wrong name or password",
      });
      expect(await nobody.json()).toMatchObject({ detail: said["detail"] });
      expect((await signIn({ $ne: 1 }, ["x"])).status).toBe(400);
      const statuses: number[] = [];
      for (let i = 0; i < 12; i += 1) {
        const response = await signIn("ada", "");
        statuses.push(response.status);
        if (response.status === 429) expect(response.headers.get("retry-after")).toBeTruthy();
      }
      expect(statuses).toContain(429);
      expect((await signIn("ada", "a long password")).status).toBe(429);
    }, 30_000);

    it("is over for a user that was disabled", async () => {
      const { users } = server.composition.accounts;
      await users.disable("ada", "default");
      expect(await users.signIn("ada", "a long password")).toBeUndefined();
      expect((await call("GET", "/v1/metrics", adasToken)).status).toBe(401);
    });
  });
});
