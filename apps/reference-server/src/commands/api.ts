import { EcapError, silentLogger } from "@ecap/sdk";
import type { Settings } from "../config/load-config.ts";
import type { Problem } from "../server/problem.ts";
import { readServerFile } from "../server/server-file.ts";
import { askServer } from "./ask-server.ts";

/** The HTTP API as commands use it: that of the running server, or of a platform opened in this process where none runs. */
export interface Api {
  readonly mode: "server" | "in-process";
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  close(): Promise<void>;
}

/** With an API key what is asked is asked by whoever has it, else by the command line. */
export async function openApi(settings: Settings, apiKey?: string): Promise<Api> {
  const running = readServerFile(settings.dir);
  if (running !== undefined) {
    const { url, token, pid } = running;
    const ask = (request: Request): Promise<Response> =>
      askServer(request).catch((cause: unknown) => {
        throw new EcapError(
          "ECAP_LOCKED",
          `the server at ${url} (process ${pid}) uses ${settings.dir} and does not answer`,
          { cause },
        );
      });
    return {
      mode: "server",
      call: (method, path, body) => call(ask, url, apiKey ?? token, method, path, body),
      close: async () => {},
    };
  }
  const { compose } = await import("../server/compose.ts");
  // Commands need the API, whatever the roles of a server with these settings are.
  const composition = await compose({ ...settings, roles: ["api", "sink"] }, silentLogger);
  // Topologies and jobs are the server's work: they go on from where they stood when it runs next.
  await composition.start(["sinks"]).catch(async (error: unknown) => {
    await composition.close();
    throw error;
  });
  const { app, controlToken } = composition;
  return {
    mode: "in-process",
    call: (method, path, body) =>
      call(
        async (request) => app.fetch(request),
        "http://in-process",
        apiKey ?? controlToken,
        method,
        path,
        body,
      ),
    close: () => composition.close(),
  };
}

async function call<T>(
  send: (request: Request) => Promise<Response>,
  url: string,
  token: string,
  method: string,
  path: string,
  body: unknown,
): Promise<T> {
  const raw = body instanceof Uint8Array;
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const init: RequestInit = {
    method,
    headers,
    ...(body !== undefined && {
      body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
    }),
  };
  const response = await send(new Request(`${url}${path}`, init));
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw toError(text, response.status);
}

function toError(text: string, status: number): EcapError {
  try {
    const problem = JSON.parse(text) as Problem;
    return new EcapError(problem.code as EcapError["code"], problem.detail);
  } catch {
    return new EcapError("ECAP_INTERNAL", `the server answered ${status}`);
  }
}
