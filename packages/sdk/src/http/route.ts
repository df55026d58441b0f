import type { z } from "zod";

/** Roles in ascending power, but for api_user, who may send events and nothing else. */
export const roles = ["api_user", "viewer", "analyst", "admin"] as const;
export type Role = (typeof roles)[number];

export interface Principal {
  /** User name or API key id. */
  readonly id: string;
  readonly role: Role;
  readonly tenant: string;
  /** Of an API key: who made it. */
  readonly madeBy?: string;
  /** True of whoever may read the data directory itself, such as the command line: may act for any tenant. */
  readonly operator?: boolean;
}

export interface RouteRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** The media types the caller takes, as in the header `accept`. */
  readonly accept: string;
  /** Aborted when the caller gives up. */
  readonly signal: AbortSignal;
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

export interface RouteDefinition<Params, Query, Body, Response extends z.ZodType> {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** Below /v1, as in `/bi/revenue` or `/customers/{customerId}`. */
  readonly path: string;
  /** Least role that may call it. */
  readonly role: Role;
  /** What it shows or changes. Of the whole deployment: only people of its own tenant, and its operator, may call it. Default: the caller's tenant. */
  readonly concerns?: "tenant" | "deployment";
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly response: Response;
  /** Default 200. */
  readonly status?: 200 | 201 | 202;
  /** Media types beside JSON that the handler answers in, with a Response of its own, where `accept` asks for one. */
  readonly alsoAs?: readonly string[];
  readonly handler: (
    request: RouteRequest<Output<Params>, Output<Query>, Output<Body>>,
  ) => Promise<z.input<Response> | globalThis.Response>;
}

/** A route as data: the server validates, authorises, documents and limits it. */
export interface Route
  extends Omit<RouteDefinition<z.ZodType, z.ZodType, z.ZodType, z.ZodType>, "handler"> {
  handler(request: RouteRequest<unknown, unknown, unknown>): Promise<unknown>;
}

/** A route with the types of its handler inferred from its schemas. */
export function defineRoute<
  Response extends z.ZodType,
  Params extends z.ZodType | undefined = undefined,
  Query extends z.ZodType | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>(route: RouteDefinition<Params, Query, Body, Response>): Route {
  return route;
}
