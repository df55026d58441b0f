import { EcapError } from "@ecap/sdk";
import { z } from "@hono/zod-openapi";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Accounts } from "../auth/accounts.ts";
import { type Authenticator, tokenOf } from "../auth/authenticator.ts";
import { type Sessions, sessionSeconds } from "../auth/sessions.ts";
import type { App } from "./app.ts";
import { callerAddress } from "./caller-address.ts";
import type { RateLimiter } from "./rate-limiter.ts";

const credentials = z.object({
  name: z.string().min(1).max(200),
  password: z.string().min(1).max(1_000),
});

/** Sign-in by name and password: answers a bearer token and sets it as a cookie no script can read, for the dashboard. */
export function mountSignIn(
  app: App,
  options: {
    accounts: Accounts;
    sessions: Sessions;
    authenticator: Authenticator;
    limiter: RateLimiter;
  },
): void {
  const { accounts, sessions, authenticator, limiter } = options;
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/session",
    summary: "Sign in",
    tags: ["access"],
    request: { body: { content: { "application/json": { schema: credentials } }, required: true } },
    responses: {
      200: { description: "A bearer token, also set as a cookie" },
      401: { description: "Wrong name or password" },
    },
  });
  app.post("/v1/session", async (c) => {
    await limiter.take(callerAddress(c));
    const parsed = credentials.safeParse(await c.req.json().catch(() => undefined));
    if (!parsed.success)
      throw new EcapError("ECAP_REQUEST_INVALID", "expected a JSON object with name and password");
    const principal = await accounts.users.signIn(parsed.data.name, parsed.data.password);
    if (principal === undefined)
      throw new EcapError("ECAP_UNAUTHENTICATED", "wrong name or password");
    c.set("principal", principal);
    const token = await sessions.issue(principal);
    setCookie(c, "ecap_session", token, {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: sessionSeconds,
      secure: new URL(c.req.url).protocol === "https:",
    });
    return c.json({ token, principal });
  });
  app.get("/v1/session", async (c) => {
    const principal = await authenticator.authenticate({
      authorization: c.req.header("authorization"),
      session: getCookie(c, "ecap_session"),
    });
    return c.json({ principal });
  });
  app.delete("/v1/session", async (c) => {
    for (const token of [tokenOf(c.req.header("authorization")), getCookie(c, "ecap_session")])
      if (token !== undefined) await sessions.end(token);
    deleteCookie(c, "ecap_session", { path: "/" });
    return c.body(null, 204);
  });
}
