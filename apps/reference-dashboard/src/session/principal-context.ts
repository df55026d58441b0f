import { createContext, useContext } from "react";
import type { Principal } from "../api/answers.ts";

export const PrincipalContext = createContext<Principal>({ id: "", role: "", tenant: "" });

/** Who is signed in. */
export function usePrincipal(): Principal {
  return useContext(PrincipalContext);
}
