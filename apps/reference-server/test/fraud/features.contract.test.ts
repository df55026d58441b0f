import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";

describe("features and signals over HTTP", () => {
  let server: TestServer;
  let keys: Record<"viewer" | "api_user" | "analyst", string>;
  beforeAll(async () => {
    server = await startTestServer();
    keys = {
      viewer: await server.key("viewer"),
      api_user: await server.key("api_user"),
      analyst: await server.key("analyst"),
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

  it("shows a decision's signals, and what it missed", async () => {
    const { body } = await call("api_user", "POST", "/assess?durability=before", {
      id: "p1",
      amount: 50,
      customerId: "ann",
      email: "ann+1@mailinator.com",
      phone: "5555555",
      name: "Ann Lee",
      cardBin: "457173",
      billingCountry: "DE",
      shippingCountry: "FR",
      device: { screen: "1920x1080", touch: false },
      session: { pages: 2, pasted: true },
    });
    expect(body).toMatchObject({
      outcome: expect.any(String),
      features: {
        email_disposable: 1,
        email_tagged: 1,
        phone_run: 1,
        billing_shipping_mismatch: 1,
        session_pages: 2,
        bin_cards_10m: 0,
        fingerprint_customers_7d: 1,
      },
      facts: { "email.domain": "mailinator.com", "card.bin": "457173" },
      missing: ["ip", "session.startedAt"],
    });
  });

  it("proves by the lake that what was decided by can be replayed, and registers it", async () => {
    for (let i = 0; i < 12; i += 1)
      await call("api_user", "POST", "/assess?durability=before", {
        id: `q${i}`,
        amount: 10 + i,
        cardId: "k",
      });
    await server.composition.platform.drain();
    const period = {
      from: new Date(Date.now() - 3_600_000).toISOString(),
      to: new Date(Date.now() + 3_600_000).toISOString(),
    };
    expect((await call("viewer", "POST", "/features/proof", period)).status).toBe(403);
    const proof = await call("analyst", "POST", "/features/proof", period);
    expect(proof).toMatchObject({ status: 200, body: { compared: 13, unequal: 0, examples: [] } });
    const { body } = await call("viewer", "GET", "/features");
    expect(body).toMatchObject({
      items: expect.arrayContaining([
        {
          name: "card_count_10m",
          entity: "card",
          aggregate: "count",
          windowMs: 600_000,
        },
        { name: "travel_kmh" },
      ]),
      versions: [{ version: body["version"], tested: { compared: 13, unequal: 0 } }],
    });
  });
});
