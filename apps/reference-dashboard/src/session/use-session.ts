import { useCallback, useEffect, useState } from "react";
import type { Principal } from "../api/answers.ts";
import { ApiError, type Problem, unreachable } from "../api/api-error.ts";
import { request } from "../api/request.ts";

export type SessionState =
  | { readonly status: "unknown" }
  | { readonly status: "unreachable"; readonly problem: Problem }
  | { readonly status: "signed-out"; readonly hasExpired: boolean }
  | { readonly status: "signed-in"; readonly principal: Principal };

export interface Session {
  readonly state: SessionState;
  readonly check: () => void;
  /** Rejects with an ApiError where name or password are wrong. */
  readonly signIn: (credentials: {
    readonly name: string;
    readonly password: string;
  }) => Promise<void>;
  readonly signOut: () => Promise<void>;
  readonly expire: () => void;
}

const path = "/v1/session";

/** Who is signed in, by a cookie that only the server can read. */
export function useSession(): Session {
  const [state, setState] = useState<SessionState>({ status: "unknown" });

  const check = useCallback(() => {
    setState({ status: "unknown" });
    request<{ principal: Principal }>(path).then(
      ({ principal }) => setState({ status: "signed-in", principal }),
      (error: unknown) => {
        const problem = error instanceof ApiError ? error.problem : unreachable;
        setState(
          problem.status === 401
            ? { status: "signed-out", hasExpired: false }
            : { status: "unreachable", problem },
        );
      },
    );
  }, []);
  useEffect(check, [check]);

  const signIn = useCallback(
    async (credentials: { readonly name: string; readonly password: string }) => {
      const { principal } = await request<{ principal: Principal }>(path, {
        method: "POST",
        body: credentials,
      });
      setState({ status: "signed-in", principal });
    },
    [],
  );
  const signOut = useCallback(async () => {
    await request(path, { method: "DELETE" });
    setState({ status: "signed-out", hasExpired: false });
  }, []);
  const expire = useCallback(() => setState({ status: "signed-out", hasExpired: true }), []);

  return { state, check, signIn, signOut, expire };
}
