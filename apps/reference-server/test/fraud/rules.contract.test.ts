import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

const rule = { id: "large", when: "payment.amount > 100", points: 90, code: "LARGE" };
const document = { name: "mine", rules: [rule] };

describe("rule sets over HTTP", () => {
  let server: TestServer;
  let keys: Record<"viewer" | "api_user" | "ann" | "bob" | "admin", string>;
  beforeAll(async () => {
    server = await startTestServer();
    keys = {
      viewer: await server.key("viewer"),
      api_user: await server.key("api_user"),
      ann: await server.key("analyst"),
      bob: await server.key("analyst"),
      admin: await server.key("admin"),
    };
  });
  afterAll(() => server.close());

  const call = async (who: keyof typeof keys, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${server.url}/v1/fraud${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const assess = (id: string, more: object = {}) =>
    call("api_user", "POST", "/assess", { id, amount: 500, customerId: "c", ...more });

  it("goes from a draft by one analyst to decisions by approval of another, and is audited", async () => {
    expect((await assess("p1")).body).toMatchObject({
      outcome: "approve",
      versions: { rules: "default/0" },
    });
    const source = JSON.stringify(document);
    expect(await call("ann", "POST", "/rules", { source, note: "try" })).toMatchObject({
      status: 201,
      body: { version: 1, state: "draft", document },
    });
    expect((await call("ann", "POST", "/rules/1/shadow")).body).toMatchObject({ state: "shadow" });
    expect((await assess("p2")).body).toMatchObject({
      outcome: "approve",
      shadows: [{ rules: "mine/1", outcome: "decline" }],
    });
    expect(await call("ann", "POST", "/rules/1/activate")).toMatchObject({
      status: 403,
      body: { code: "ECAP_FORBIDDEN" },
    });
    expect((await call("bob", "POST", "/rules/1/activate")).body).toMatchObject({
      state: "active",
    });
    expect((await assess("p3")).body).toMatchObject({
      outcome: "decline",
      versions: { rules: "mine/1" },
      reasons: [{ rule: "large", code: "LARGE", points: 90 }],
    });
    const { body } = await call("viewer", "GET", "/rules");
    expect(body["items"]).toMatchObject([
      { version: 1, state: "active" },
      { version: 0, state: "archived" },
    ]);

    await server.composition.platform.drain();
    const audit = await server.get("/v1/governance/audit", keys.admin);
    const actions = (audit.body as { items: Array<{ action: string }> }).items.map(
      ({ action }) => action,
    );
    expect(actions).toEqual(
      expect.arrayContaining(["rules.propose", "rules.shadow", "rules.activate"]),
    );

    const period = { from: "2020-01-01", to: "2100-01-01" };
    const report = await call("ann", "POST", "/rules/backtest", period);
    expect(report.body).toMatchObject({
      candidate: "mine/1",
      rows: 3,
      recorded: { compared: 2, equal: 2 },
    });
  });

  it("is approved by a person: not on the command line, and not by the user whose key proposed it", async () => {
    const { accounts, controlToken } = server.composition;
    const at = { tenant: "default", role: "analyst" } as const;
    const ask = async (token: string, path: string, body?: unknown, method = "POST") => {
      const response = await fetch(`${server.url}/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const signedIn = async (name: string, role: "analyst" | "admin"): Promise<string> => {
      const password = "a long password";
      await accounts.users.create({ ...at, name, role, password });
      return String((await ask("", "/session", { name, password })).body["token"]);
    };
    const made = async (by: string): Promise<string> =>
      String((await ask(by, "/admin/api-keys", { name: "own", role: "admin" })).body["key"]);
    const cy = await signedIn("cy", "admin");
    const dee = await signedIn("dee", "analyst");
    const keyOfKey = await made(await made(cy));

    const { body } = await ask(keyOfKey, "/fraud/rules", { document });
    const path = `/fraud/rules/${String(body["version"])}`;
    expect((await ask(keyOfKey, `${path}/shadow`)).status).toBe(200);
    for (const refused of [controlToken, keyOfKey, cy])
      expect(await ask(refused, `${path}/activate`)).toMatchObject({
        status: 403,
        body: { code: "ECAP_FORBIDDEN" },
      });
    expect((await ask(dee, `${path}/activate`)).body).toMatchObject({ state: "active" });

    const byCommand = await ask(controlToken, "/fraud/rules", { document });
    const next = `/fraud/rules/${String(byCommand.body["version"])}`;
    expect((await ask(controlToken, `${next}/shadow`)).status).toBe(200);
    expect((await ask(await made(controlToken), `${next}/activate`)).status).toBe(403);
    expect((await ask(dee, `${next}/activate`)).status).toBe(200);
  });

  it("backtests a stored version or a rule set, not both", async () => {
    const period = { from: "2020-01-01", to: "2100-01-01" };
    for (const given of [{ document }, { source: JSON.stringify(document) }])
      expect(
        await call("ann", "POST", "/rules/backtest", { ...period, ...given, version: 0 }),
      ).toMatchObject({ status: 400, body: { code: "ECAP_REQUEST_INVALID" } });
  });

  it.each([
    ["no document", {}, 400, "ECAP_REQUEST_INVALID"],
    ["both", { document, source: "{}" }, 400, "ECAP_REQUEST_INVALID"],
    ["YAML that is none", { source: "rules: [" }, 422, "ECAP_RULES_INVALID"],
    ["YAML that multiplies itself", { source: bomb() }, 422, "ECAP_RULES_INVALID"],
    [
      "a wrong rule",
      { source: "name: x\nrules: [{ id: a, when: amout > 1, code: A }]" },
      422,
      "ECAP_RULES_INVALID",
    ],
  ])("refuses %s", async (_, body, status, code) => {
    expect(await call("ann", "POST", "/rules", body)).toMatchObject({ status, body: { code } });
  });

  it("names every mistake with its place, and what expressions may name", async () => {
    const rules = [
      { ...rule, when: "payment.amount >\n  'x'" },
      { ...rule, id: "b", points: "card.cout_10m" },
    ];
    expect(
      (await call("ann", "POST", "/rules/validate", { document: { name: "x", rules } })).body,
    ).toEqual({
      valid: false,
      problems: [
        {
          rule: "large",
          part: "when",
          line: 2,
          column: 3,
          message: "2:3: expected a number, found a text",
        },
        {
          rule: "b",
          part: "points",
          line: 1,
          column: 1,
          message: '1:1: there is no "card.cout_10m"; did you mean "card.count_10m"?',
        },
      ],
    });
    const { body } = await call("viewer", "GET", "/rule-language");
    expect(body["fields"]).toContainEqual({ name: "card.count_10m", type: "number" });
    expect(body["schema"]).toMatchObject({
      type: "object",
      properties: { rules: { type: "array" } },
    });
  });

  it("keeps lists and snoozes", async () => {
    expect((await call("ann", "POST", "/lists", { name: "resellers" })).status).toBe(201);
    const until = "2099-01-01T00:00:00Z";
    await call("ann", "POST", "/lists/deny/entries", {
      entries: [{ value: "mallory", until }, { value: "eve" }],
    });
    await call("ann", "POST", "/lists/deny/removals", { values: ["eve"] });
    const { body } = await call("ann", "GET", "/lists/deny/entries");
    expect(body["items"]).toMatchObject([{ value: "mallory", until: "2099-01-01T00:00:00.000Z" }]);
    expect((await call("viewer", "GET", "/lists")).body["items"]).toContainEqual(
      expect.objectContaining({ name: "deny", entries: 1 }),
    );
    await call("ann", "POST", "/snoozes", { rule: "large", entity: "customer", id: "vip", until });
    expect((await assess("p4", { customerId: "vip" })).body).toMatchObject({
      outcome: "approve",
      reasons: [],
    });
    expect((await call("ann", "GET", "/snoozes")).body["items"]).toMatchObject([
      { value: "large/customer/vip" },
    ]);
  });

  it.each([
    ["viewer", "POST", "/rules", { document }],
    ["viewer", "POST", "/rules/0/reinstate", undefined],
    ["viewer", "GET", "/lists/deny/entries", undefined],
    ["api_user", "GET", "/rules", undefined],
    ["viewer", "POST", "/snoozes", { rule: "a", entity: "card", id: "x", until: "2099-01-01" }],
  ] as const)("%s may not %s %s", async (who, method, path, body) => {
    expect((await call(who, method, path, body)).status).toBe(403);
  });

  it("lists merchants and sellers by their risk", async () => {
    const payment = { id: "sold", amount: 12, merchantId: "m-1", sellerId: "s-1" };
    await call("api_user", "POST", "/assess?durability=before", payment);
    const { status, body } = await call("viewer", "GET", "/risks?by=merchant");
    expect(status).toBe(200);
    expect(body["items"]).toEqual([
      expect.objectContaining({ id: "m-1", payments: 1, frauds: 0, amount: 12 }),
    ]);
    expect((await call("viewer", "GET", "/risks?by=seller")).body["items"]).toMatchObject([
      { id: "s-1" },
    ]);
    expect((await call("viewer", "GET", "/risks?by=card")).status).toBe(400);
  });

  it("says that there is no such version or list", async () => {
    expect((await call("ann", "GET", "/rules/99")).status).toBe(404);
    expect((await call("ann", "GET", "/rules/x")).status).toBe(400);
    expect(
      (await call("ann", "POST", "/lists/nobody/entries", { entries: [{ value: "x" }] })).status,
    ).toBe(404);
    expect(
      (await call("ann", "POST", "/lists/snoozes/entries", { entries: [{ value: "x" }] })).status,
    ).toBe(404);
  });
});

/** Aliases of aliases: ten to the ninth values in ten lines. */
function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 10; i += 1)
    lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(", ")}]`);
  return lines.join("\n");
}
