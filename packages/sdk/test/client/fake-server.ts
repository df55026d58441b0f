import { createServer, type IncomingMessage, type Server } from "node:http";

/** What the server does with one request. */
export type Behaviour =
  | "ok"
  | "unavailable"
  | "too many"
  | "reset"
  | "answer lost"
  | "half"
  | "too large"
  | "no json"
  | "bad request";

export interface ReceivedEvent {
  readonly messageId: string;
  readonly [name: string]: unknown;
}

export interface FakeServer {
  readonly host: string;
  /** Behaviours of the requests to come; "ok" once they are used up. */
  readonly script: Behaviour[];
  /** Events taken, once each, in the order they were first taken. */
  readonly taken: ReceivedEvent[];
  readonly requests: Array<{
    readonly path: string;
    readonly authorization: string | undefined;
    readonly body: Record<string, unknown>;
    readonly at: number;
  }>;
  readonly concurrent: () => number;
  retryAfter: string;
  close(): Promise<void>;
}

/** An ingestion server that fails in every way a network and a server can. */
export async function startFakeServer(): Promise<FakeServer> {
  const script: Behaviour[] = [];
  const taken: ReceivedEvent[] = [];
  const requests: FakeServer["requests"] = [];
  let underWay = 0;
  let most = 0;
  const fake = { script, taken, requests, retryAfter: "0", concurrent: () => most };

  const take = (events: readonly ReceivedEvent[]) =>
    events.map((event) => {
      const known = taken.some(({ messageId }) => messageId === event.messageId);
      if (!known) taken.push(event);
      return { id: event.messageId, status: known ? "duplicate" : "accepted" };
    });

  type Reaction = (
    batch: readonly ReceivedEvent[],
  ) => readonly [status: number, body: string] | undefined;
  /** The status and body to answer with; undefined where the connection breaks instead. */
  const reactions: Readonly<Record<Behaviour, Reaction>> = {
    ok: (batch) => [200, JSON.stringify({ receipts: take(batch) })],
    half: (batch) => [
      200,
      JSON.stringify({ receipts: take(batch.slice(0, Math.ceil(batch.length / 2))) }),
    ],
    "no json": (batch) => [200, take(batch) ? "ok" : ""],
    "answer lost": (batch) => void take(batch),
    reset: () => undefined,
    unavailable: () => [503, "{}"],
    "too many": () => [429, "{}"],
    "too large": () => [413, "{}"],
    "bad request": () => [400, "{}"],
  };

  const server = createServer((request, response) => {
    underWay += 1;
    most = Math.max(most, underWay);
    response.on("close", () => {
      underWay -= 1;
    });
    void readBody(request).then((body) => {
      requests.push({
        path: request.url ?? "",
        authorization: request.headers.authorization,
        body,
        at: performance.now(),
      });
      const answer = reactions[script.shift() ?? "ok"](
        Array.isArray(body["batch"]) ? body["batch"] : [],
      );
      if (answer === undefined) request.socket.destroy();
      else
        response
          .writeHead(answer[0], answer[0] === 429 ? { "retry-after": fake.retryAfter } : {})
          .end(answer[1]);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return Object.assign(fake, {
    host: `http://127.0.0.1:${port}`,
    close: () => closeServer(server),
  });
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
