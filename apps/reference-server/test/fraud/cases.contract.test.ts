import { eventually } from "@ecap/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

interface Case {
  readonly case: number;
  readonly version: number;
  readonly state: string;
  readonly queue: string;
  readonly alerts: number;
  readonly payments: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly suggestions: ReadonlyArray<Readonly<Record<string, unknown>>>;
  readonly timeline: ReadonlyArray<Readonly<Record<string, unknown>>>;
}
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

describe("cases over HTTP", () => {
  let server: TestServer;
  let keys: Record<"viewer" | "api_user" | "ann" | "bob" | "admin" | "stranger", string>;
  beforeAll(async () => {
    server = await startTestServer();
    const { apiKeys } = server.composition.accounts;
    const other = { name: "other", role: "admin", tenant: "other", createdBy: "test" } as const;
    keys = {
      viewer: await server.key("viewer"),
      api_user: await server.key("api_user"),
      ann: await server.key("analyst"),
      bob: await server.key("analyst"),
      admin: await server.key("admin"),
      stranger: (await apiKeys.create(other)).key,
    };
  });
  afterAll(() => server.close());

  const call = async (
    who: keyof typeof keys,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer> => {
    const response = await fetch(`${server.url}/v1/fraud${path}`, {
      method,
      headers: { authorization: `Bearer ${keys[who]}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  /** A payment that a deny list declines. */
  const decline = async (id: string, more: object = {}): Promise<void> => {
    const given = { id, amount: 200, customerId: `customer-${id}`, currency: "EUR", ...more };
    const { body } = await call("api_user", "POST", "/assess?durability=before", given);
    expect(body["outcome"]).toBe("decline");
  };
  const caseWith = async (entity: string): Promise<Case> => {
    await server.composition.platform.drain();
    const { body } = await call(
      "ann",
      "GET",
      `/cases?order=newest&entity=${encodeURIComponent(entity)}`,
    );
    const [first] = body["items"] as readonly Case[];
    if (first === undefined) throw new Error(`no case with ${entity}`);
    return (await call("ann", "GET", `/cases/${first.case}`)).body as unknown as Case;
  };
  const act = (who: keyof typeof keys, of: Case, step: string, more: object = {}) =>
    call(who, "POST", `/cases/${of.case}/${step}`, { version: of.version, ...more });
  const sent = async (events: readonly object[]): Promise<void> => {
    const bytes = new TextEncoder().encode(JSON.stringify(events));
    const given = { bytes, tenant: "default", source: "test", dialect: "ecap" } as const;
    await server.composition.collector.collect(given);
    await server.composition.platform.drain();
  };
  const period = `from=2020-01-01&to=2100-01-01`;

  beforeAll(async () => {
    const entries = ["bad-card", "bad-card-2", "bad-card-3"].map((value) => ({ value }));
    const { status } = await call("ann", "POST", "/lists/deny/entries", { entries });
    expect(status).toBe(200);
  });

  it("puts what shares a card or a customer into one case, each payment once", async () => {
    await decline("p1", { cardId: "bad-card", customerId: "c1", ip: "10.0.0.1", country: "DE" });
    await decline("p2", { cardId: "bad-card", customerId: "c2", deviceId: "d2" });
    await decline("p2", { cardId: "bad-card", customerId: "c2", deviceId: "d2" });
    await decline("p3", { cardId: "bad-card-2", customerId: "c3", email: "Thief@Example.com" });
    const found = await caseWith("card:bad-card");
    expect(JSON.stringify(await caseWith("card:bad-card-2"))).not.toMatch(/thief@/i);
    expect(found).toMatchObject({
      state: "new",
      queue: "declined",
      alerts: 2,
      amount: 400,
      currency: "EUR",
      steps: ["assign", "move", "escalate", "close", "merge"],
    });
    expect(found.payments).toMatchObject([
      { reasons: [{ code: "DENY_LIST" }], facts: { "card.id": "bad-card" }, words: [] },
      { rules: "default/0", outcome: "decline" },
    ]);
    expect((await caseWith("card:bad-card-2")).case).not.toBe(found.case);

    // A payment with both cards' customer and card shows the two to be one matter.
    await decline("p4", { cardId: "bad-card-2", customerId: "c1" });
    const both = await caseWith("card:bad-card-2");
    expect(both.alerts).toBe(4);
    expect((await caseWith("customer:c3")).case).toBe(both.case);
    const { body } = await call("ann", "GET", "/cases?state=merged");
    expect(body["items"]).toMatchObject([{ mergedInto: both.case }]);
    for (const id of ["p4", "c1", "bad-card"])
      expect(
        (await call("ann", "GET", `/cases?id=${id}&state=open`)).body["items"],
        id,
      ).toMatchObject([{ case: both.case }]);
    expect((await call("ann", "GET", "/cases?id=c")).body["items"]).toEqual([]);
    expect((await call("viewer", "GET", "/case-queues")).body).toMatchObject({
      queues: [{ queue: "declined", open: 1, overdue: 0 }],
    });
  });

  it("refuses a change of a case that somebody else changed meanwhile", async () => {
    const seen = await caseWith("card:bad-card");
    expect((await act("ann", seen, "assign")).body).toMatchObject({ state: "working" });
    expect(await act("bob", seen, "assign")).toMatchObject({
      status: 409,
      body: { code: "ECAP_CONFLICT", path: "/version" },
    });
    // An alert that joins is a change too: nobody closes what they have not seen.
    const before = await caseWith("card:bad-card");
    await decline("p5", { cardId: "bad-card" });
    const after = await caseWith("card:bad-card");
    expect(after.version).toBe(before.version + 1);
    expect((await act("ann", before, "close", { resolution: "fraud" })).status).toBe(409);
    const racing = await Promise.all(
      ["ann", "bob", "admin"].map((who) => act(who as "ann", after, "wait")),
    );
    expect(racing.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  });

  it("goes from alert to labels that the training set and the curve have", async () => {
    await decline("p6", { cardId: "bad-card-3", customerId: "c6", orderId: "o6" });
    await decline("p7", { cardId: "bad-card-3", customerId: "c7", orderId: "o7" });
    const found = await caseWith("card:bad-card-3");
    const { body: assigned } = await act("ann", found, "assign");
    const one = { verdict: "legitimate", payments: ["p6"] };
    const { body: labelled, status } = await act("ann", assigned as unknown as Case, "labels", one);
    expect(status).toBe(200);
    const rest = { verdict: "fraud", payments: ["p7"] };
    const done = await act("ann", labelled as unknown as Case, "labels", rest);
    expect(done.body["payments"]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ paymentId: "p6", verdict: "legitimate" }),
        expect.objectContaining({ paymentId: "p7", verdict: "fraud" }),
      ]),
    );
    await eventually(async () => {
      const { body } = await call("ann", "GET", `/labels?${period}`);
      expect(body["items"]).toMatchObject([
        { paymentId: "p7", fraud: true, source: "analyst", outcome: "decline" },
        { paymentId: "p6", fraud: false, decisionId: "fraud-decision/p6" },
      ]);
    });
    const { body: curve } = await call("viewer", "GET", `/label-curve?${period}`);
    expect(curve["weeks"]).toMatchObject([
      { labelled: 2, stoppedFrauds: 1, stoppedHonest: 1, precision: 0.5, recall: 1 },
    ]);

    // The bank says otherwise, later: its word counts, and the analyst's stays beside it.
    const chargeback = {
      id: "cb-1",
      type: "chargeback.received",
      actor: { customerId: "c6" },
      data: { chargeback_id: "cb-1", payment_id: "p6", reason: "fraudulent", amount: 200 },
    };
    await sent([chargeback]);
    const overruled = await caseWith("card:bad-card-3");
    const disputed = overruled.payments.find((payment) => payment["paymentId"] === "p6");
    expect(disputed).toMatchObject({ verdict: "fraud" });
    expect(disputed?.["words"]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ source: "analyst", verdict: "legitimate" }),
        expect.objectContaining({ source: "bank", verdict: "fraud" }),
      ]),
    );
    const { body: report } = await call("viewer", "GET", `/case-report?${period}`);
    expect(report).toMatchObject({
      total: { prevented: 400, stoppedFrauds: 2, falsePositives: 0, loss: 0 },
      byAnalyst: [{ labels: 2, overturned: 1 }],
    });
    expect((report["byRule"] as object[])[0]).toMatchObject({ code: "DENY_LIST", prevented: 400 });

    const closed = await act("ann", overruled, "close", { resolution: "fraud" });
    expect(closed.body).toMatchObject({ state: "closed", resolution: "fraud", steps: ["reopen"] });
    const { body: later } = await call("viewer", "GET", `/case-report?${period}`);
    expect(later).toMatchObject({ cases: { closed: 1, inTime: 1 } });
    await decline("p8", { cardId: "bad-card-3" });
    expect((await caseWith("card:bad-card-3")).case).not.toBe(overruled.case);
  });

  it("takes the word on a payment that passed and is in no case", async () => {
    const passed = { id: "passed-1", amount: 70, customerId: "c-p", orderId: "o-p" };
    await call("api_user", "POST", "/assess?durability=before", passed);
    const path = "/payments/passed-1/label";
    // A decision can be asked for a moment after it was made.
    await eventually(async () => {
      expect((await call("ann", "POST", path, { verdict: "fraud" })).status).toBe(202);
    });
    expect((await call("ann", "POST", "/payments/p6/label", { verdict: "fraud" })).status).toBe(
      409,
    );
    expect((await call("ann", "POST", "/payments/none/label", { verdict: "fraud" })).status).toBe(
      404,
    );
    expect((await call("stranger", "POST", path, { verdict: "fraud" })).status).toBe(404);
    await eventually(async () => {
      const { body } = await call("ann", "GET", `/labels?${period}&payment=passed-1`);
      expect(body["items"]).toMatchObject([{ fraud: true, outcome: "approve" }]);
    });
    const { body } = await call("viewer", "GET", `/case-report?${period}`);
    expect(body).toMatchObject({ total: { loss: 70, passedFrauds: 1 } });
  });

  it("suggests what follows from a false positive, and does it with one call", async () => {
    await call("ann", "POST", "/lists/deny/entries", { entries: [{ value: "good-card" }] });
    await decline("p9", { cardId: "good-card", customerId: "c9" });
    const found = await caseWith("card:good-card");
    const { body } = await act("ann", found, "labels", { verdict: "legitimate" });
    const labelled = body as unknown as Case;
    expect(labelled.suggestions).toMatchObject([
      { id: "allow/c9", kind: "list", list: "allow", taken: false },
      { id: "snooze/denied/customer/c9", kind: "snooze", rule: "denied", payments: 1 },
    ]);
    const suggestion = "snooze/denied/customer/c9";
    const { body: took } = await act("ann", labelled, "suggestions", { suggestion });
    expect((took as unknown as Case).suggestions).toMatchObject([
      { taken: false },
      { id: suggestion, taken: true },
    ]);
    const again = { id: "p10", amount: 200, cardId: "good-card", customerId: "c9" };
    const next = await call("api_user", "POST", "/assess", again);
    expect(next.body["outcome"]).toBe("approve");
    const wrong = { suggestion: "allow/somebody-else" };
    expect((await act("ann", took as unknown as Case, "suggestions", wrong)).status).toBe(404);
  });

  it("shows the network of what payments share, within its limits", async () => {
    const all = await caseWith("card:bad-card");
    const { body } = await call("ann", "GET", `/cases/${all.case}/network?depth=3`);
    const ids = (body["nodes"] as ReadonlyArray<{ id: string }>).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["payment:p1", "card:bad-card", "customer:c1"]));
    const far = await call("ann", "GET", "/payments/p3/network?depth=1");
    expect((far.body["nodes"] as object[]).length).toBeLessThan(ids.length);
    const small = await call("ann", "GET", `/cases/${all.case}/network?limit=3`);
    expect(small.body).toMatchObject({ truncated: true });
    expect(small.body["nodes"]).toHaveLength(3);
    expect((await call("ann", "GET", "/payments/none/network")).body["nodes"]).toEqual([]);
  });

  it("keeps notes and files, and gives a file back only to be saved", async () => {
    const { case: number } = await caseWith("card:bad-card");
    const html = "<img src=x onerror=alert(1)> O'Brien; drop table cases --";
    const noted = await call("ann", "POST", `/cases/${number}/notes`, { text: html });
    expect((noted.body as unknown as Case).timeline[0]).toMatchObject({
      action: "note",
      details: { text: html },
    });
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]).toString("base64");
    const file = { name: "proof.png", mediaType: "image/png", content: png };
    const added = await call("ann", "POST", `/cases/${number}/files`, file);
    expect(added.status).toBe(201);
    const path = `/v1/fraud/cases/${number}/files/${(added.body["files"] as Array<{ id: string }>)[0]?.id}`;
    const get = (who: keyof typeof keys) =>
      fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${keys[who]}` } });
    const response = await get("ann");
    expect(response.headers.get("content-disposition")).toMatch(/^attachment/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await response.arrayBuffer()).toString("base64")).toBe(png);
    expect((await get("stranger")).status).toBe(404);
    expect((await get("viewer")).status).toBe(403);
    for (const wrong of [
      { ...file, content: Buffer.from("<script>").toString("base64") },
      { ...file, name: "../../etc/passwd" },
      { ...file, content: "not base64!" },
      { ...file, content: "" },
      { ...file, mediaType: "text/html" },
      { ...file, content: "iVBORw0K".padEnd(999_996, "A") },
    ])
      expect((await call("ann", "POST", `/cases/${number}/files`, wrong)).status).toBe(400);
  });

  it("shows and changes nothing of another tenant, and lets only analysts in", async () => {
    const found = await caseWith("card:bad-card");
    expect((await call("stranger", "GET", "/cases")).body["items"]).toEqual([]);
    for (const [method, path, body] of [
      ["GET", `/cases/${found.case}`],
      ["GET", `/cases/${found.case}/network`],
      ["POST", `/cases/${found.case}/assign`, { version: found.version }],
      ["POST", `/cases/${found.case}/labels`, { version: found.version, verdict: "fraud" }],
      ["POST", `/cases/${found.case}/notes`, { text: "hello" }],
    ] as const) {
      expect((await call("stranger", method, path, body)).status, path).toBe(404);
      expect((await call("viewer", method, path, body)).status, path).toBe(403);
      expect((await call("api_user", method, path, body)).status, path).toBe(403);
    }
    expect((await call("stranger", "GET", "/payments/p1/network")).body["nodes"]).toEqual([]);
    expect((await call("stranger", "GET", `/labels?${period}`)).body["items"]).toEqual([]);
    expect((await caseWith("card:bad-card")).version).toBe(found.version);
  });

  it("answers hostile input with a reason, and takes hostile payments in", async () => {
    const found = await caseWith("card:bad-card");
    const big = "x".repeat(1_000_000);
    for (const [path, body] of [
      ["notes", { text: big }],
      ["notes", { text: "" }],
      ["assign", { version: found.version, to: big }],
      ["assign", { version: "1" }],
      ["move", { version: found.version, queue: "<script>" }],
      ["merge", { version: found.version, into: found.case }],
      ["labels", { version: found.version, verdict: "maybe" }],
    ] as const)
      expect((await call("ann", "POST", `/cases/${found.case}/${path}`, body)).status, path).toBe(
        400,
      );
    const foreign = { version: found.version, verdict: "fraud", payments: ["p6"] };
    expect((await call("ann", "POST", `/cases/${found.case}/labels`, foreign)).status).toBe(404);
    for (const number of ["0", "999999999", "-1", "1e3", "1;2", "%00", "9".repeat(30)])
      expect([400, 404]).toContain((await call("ann", "GET", `/cases/${number}`)).status);
    for (const entity of ["card", "card:", "order:1", `card:${big.slice(0, 400)}`])
      expect((await call("ann", "GET", `/cases?entity=${entity}`)).status).toBe(400);

    await call("ann", "POST", "/lists/deny/entries", { entries: [{ value: "hostile" }] });
    const html = "<b onmouseover=alert(1)>\u202Eevil</b>\uD800 \\u0000 ' OR 1=1 --";
    await sent([
      {
        id: "h1",
        type: "payment.authorised",
        actor: { customerId: html, deviceId: big.slice(0, 100_000) },
        data: { payment_id: "h1", amount: "1e308", card_id: "hostile", currency: html },
      },
      {
        id: "h2",
        type: "payment.authorised",
        actor: { customerId: "c\u0000d" },
        data: { payment_id: "h\u00002", amount: -5, card_id: "hostile" },
      },
    ]);
    const hostile = await caseWith("card:hostile");
    expect(hostile.alerts).toBeGreaterThan(0);
    const letters = await server.get("/v1/admin/dead-letters?topic=fraud-decisions", keys.admin);
    expect(letters.body["items"]).toEqual([]);
  });
});
