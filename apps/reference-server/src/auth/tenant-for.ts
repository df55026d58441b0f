import { EcapError } from "@ecap/sdk";
import type { Principal } from "@ecap/sdk/http";
import { z } from "@hono/zod-openapi";

/** A tenant as a request names one. */
export const tenantName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes")
  .describe("Default: the caller's own");

/** Principals act in their own tenant; only the operator of the deployment acts for another. */
export function tenantFor(principal: Principal, asked: string | undefined): string {
  if (asked === undefined || asked === principal.tenant) return principal.tenant;
  if (principal.operator === true) return asked;
  throw new EcapError(
    "ECAP_FORBIDDEN",
    "only the operator of this deployment may act for another tenant",
  );
}
