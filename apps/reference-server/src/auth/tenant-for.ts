import { EcapError } from "@ecap/sdk";
import type { Principal } from "@ecap/sdk/http";

/** Principals act in their own tenant; only the operator of the deployment acts for another. */
export function tenantFor(principal: Principal, asked: string | undefined): string {
  if (asked === undefined || asked === principal.tenant) return principal.tenant;
  if (principal.operator === true) return asked;
  throw new EcapError(
    "ECAP_FORBIDDEN",
    "only the operator of this deployment may act for another tenant",
  );
}
