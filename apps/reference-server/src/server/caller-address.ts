import type { Context } from "hono";

/** The address of the socket's other end; "local" where the app is called without one. Proxy headers are not believed. */
export function callerAddress(c: Context): string {
  const env = c.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined;
  return env?.incoming?.socket?.remoteAddress ?? "local";
}
