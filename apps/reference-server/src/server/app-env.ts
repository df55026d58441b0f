import type { Principal } from "@ecap/sdk/http";

/** What every handler finds in the context. */
export interface AppEnv {
  Variables: {
    requestId: string;
    principal: Principal;
  };
}
