import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/test-server.ts";
import {
  type ApiDescription,
  addressOf,
  bodyOf,
  type Operation,
  operationsOf,
} from "./api-description.ts";

const nasty = [
  "'; drop table orders; --",
  '" or ""="',
  "1) union select * from users --",
  "../../../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "%00",
  "\u0000",
  "${7*7}{{7*7}}",
  "__proto__",
  "NaN",
  "-1",
  "99999999999999999999",
  "9999-12-31T23:59:59Z",
  "x".repeat(5_000),
  "漢字🛒\u202e",
  "",
] as const;

/** Half of a character: JSON can write it, an address cannot. */
const loneSurrogate = "\ud800";

const oddBodies: readonly unknown[] = [
  null,
  [],
  {},
  5,
  "text",
  { __proto__: { role: "admin" } },
  { name: { $gt: "" } },
];

describe("hostile requests get a clear answer, never a 5xx", () => {
  let server: TestServer;
  let operations: readonly Operation[];
  /** The command line's token: no rate limit stands between the test and the routes. */
  let token: string;

  beforeAll(async () => {
    server = await startTestServer();
    token = server.composition.controlToken;
    const response = await fetch(`${server.url}/openapi.json`);
    operations = operationsOf((await response.json()) as ApiDescription).filter(
      ({ path }) => path !== "/v1/live" && path !== "/v1/session",
    );
  }, 60_000);
  afterAll(() => server.close());

  async function call(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly text: string; readonly type: string }> {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...headers },
      ...(body !== undefined && { body }),
    });
    const type = response.headers.get("content-type") ?? "";
    const text = await response.text();
    if (response.status >= 400) {
      expect(type, `${method} ${path}: ${text}`).toContain("application/problem+json");
      expect(JSON.parse(text)).toMatchObject({
        status: response.status,
        code: expect.stringMatching(/^ECAP_/) as string,
        help: expect.any(String) as string,
      });
    }
    return { status: response.status, text, type };
  }

  it("in every parameter of every route", async () => {
    let turn = 0;
    for (const operation of operations) {
      for (const { name } of operation.parameters) {
        // Each parameter gets a quarter of the values, the next one another quarter, so that every kind of parameter meets every value.
        turn += 1;
        for (const value of nasty.filter((_, index) => index % 4 === turn % 4)) {
          const body =
            operation.body === undefined ? undefined : JSON.stringify(bodyOf(operation.body, "x"));
          const address = addressOf(operation, { name, value });
          const { status, text } = await call(operation.method, address, body);
          const which = `${operation.method} ${address.slice(0, 200)}: ${status} ${text.slice(0, 300)}`;
          expect(status, which).toBeLessThan(500);
          expect(text, which).not.toMatch(/root:x:|at \w+ \(.*\.ts:\d+/);
        }
      }
    }
  }, 120_000);

  it("in every body of every route", async () => {
    for (const operation of operations) {
      if (operation.body === undefined) continue;
      const bodies = [
        ...[...nasty, loneSurrogate].map((text) => bodyOf(operation.body ?? {}, text)),
        ...oddBodies,
      ].map((body) => JSON.stringify(body));
      for (const body of [...bodies, "", "{", "[1,", "\u0000", '{"a":1}'.repeat(3)]) {
        const { status, text } = await call(operation.method, addressOf(operation), body, {
          "content-type": "application/json",
        });
        expect(
          status,
          `${operation.method} ${operation.path} ${body.slice(0, 200)}: ${text.slice(0, 300)}`,
        ).toBeLessThan(500);
      }
    }
  }, 120_000);

  it("at addresses that are not there, and with methods a route does not have", async () => {
    for (const [method, path] of [
      ["GET", "/nothing"],
      ["GET", "/v1/nothing"],
      ["PUT", "/v1/bi/revenue"],
      ["DELETE", "/openapi.json"],
      ["GET", "/docs/../../etc/passwd"],
      ["GET", "/docs/%2e%2e%2fpackage.json"],
      ["GET", "/assets/..%2f..%2fpackage.json"],
      ["GET", "/v1/admin/tables/..%2f..%2fusers/history"],
      ["POST", "/v1/imports/..%2Fx/begin"],
      ["POST", "/v1/imports/never-begun/events"],
      ["GET", "/%"],
      ["GET", "/%ff%fe"],
      ["GET", `/${"a/".repeat(2_000)}`],
    ] as const) {
      const { status } = await call(method, path);
      expect([400, 404, 409, 414, 431], `${method} ${path.slice(0, 60)}: ${status}`).toContain(
        status,
      );
    }
  });

  describe("at the door of events", () => {
    const event = { id: "e", type: "order.imagined", data: {} };
    const json = JSON.stringify([event]);

    it.each([
      ["text/plain", json],
      ["application/x-www-form-urlencoded", json],
      ["multipart/form-data; boundary=x", json],
      ["application/octet-stream", gzipSync(json)],
      ["image/png", json],
    ])("%s is read by its bytes", async (type, body) => {
      const bytes = typeof body === "string" ? body : Uint8Array.from(body);
      const { status, text } = await call("POST", "/v1/events", bytes, { "content-type": type });
      expect(status, text).toBe(200);
      expect(text).toMatch(/accepted|duplicate/);
    });

    it.each<[string, string | Uint8Array<ArrayBuffer>, number]>([
      ["nothing", "", 400],
      ["no JSON", "hello", 400],
      ["cut gzip", Uint8Array.from(gzipSync(json).subarray(0, 20)), 400],
      ["a gzip bomb", Uint8Array.from(gzipSync(new Uint8Array(64 << 20))), 413],
      ["ten megabytes", `[${JSON.stringify({ ...event, pad: "x".repeat(10 << 20) })}]`, 413],
      ["ten megabytes of noise", Uint8Array.from(randomBytes(10 << 20)), 413],
      ["too many events", `[${Array.from({ length: 5_001 }, () => "{}").join(",")}]`, 413],
      ["depth", "[".repeat(100_000), 400],
    ])("%s is %i", async (_, body, expected) => {
      const { status, text } = await call("POST", "/v1/events", body);
      expect(status, text.slice(0, 300)).toBe(expected);
    });

    it("a body without a length is limited too", async () => {
      const chunk = new Uint8Array(1 << 20);
      let sent = 0;
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 1;
          if (sent > 20) controller.close();
          else controller.enqueue(chunk);
        },
      });
      const response = await fetch(`${server.url}/v1/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}` },
        body: stream,
        duplex: "half",
      }).catch(() => undefined);
      if (response !== undefined) expect(response.status).toBe(413);
      expect(sent).toBeLessThan(20);
    });

    it("one bad event leaves its neighbours their receipts", async () => {
      const { status, text } = await call(
        "POST",
        "/v1/batch",
        `{"batch":[{"type":"track","event":"Imagined","messageId":"m1"},{nonsense},{"type":"track","event":"Order Completed","messageId":"m2","properties":{"products":7}},{"type":"track","event":"Imagined","messageId":"m3"}]}`,
      );
      expect(status).toBe(200);
      const { receipts } = JSON.parse(text) as { receipts: ReadonlyArray<{ status: string }> };
      expect(receipts.map((receipt) => receipt.status)).toEqual([
        "accepted",
        "quarantined",
        "quarantined",
        "accepted",
      ]);
    });
  });

  it("a large body at the API is refused", async () => {
    const { status } = await call(
      "POST",
      "/v1/query",
      JSON.stringify({ sql: `select '${"x".repeat(10 << 20)}'` }),
    );
    expect(status).toBe(413);
  });

  it("the description is valid OpenAPI 3.1", async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    const description = (await response.json()) as ApiDescription;
    expect(description.openapi).toMatch(/^3\.1/);
    const { valid, errors } = await new Validator().validate({ ...description });
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it("pages answer with headers that keep other sites out", async () => {
    const response = await fetch(`${server.url}/docs`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("x-request-id")).toBeTruthy();
  });

  it("the live feed delivers an order that was just taken in", async () => {
    const stop = new AbortController();
    const response = await fetch(`${server.url}/v1/live`, {
      headers: { authorization: `Bearer ${token}` },
      signal: stop.signal,
    });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const order = { id: "live", type: "Order Completed", data: { order_id: "live-1", total: 5 } };
    await call("POST", "/v1/events", JSON.stringify([order]));
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      if (text.includes("live-1")) break;
    }
    stop.abort();
    expect(text).toContain("event: snapshot");
    expect(text).toContain("live-1");
  }, 20_000);
});
