import { createServer } from "node:net";

/** Ports to try, best first, for the preferred one. */
export type PreferPort = (preferred: number) => Iterable<number>;

/** The preferred port and those a thousand further. */
export function* aThousandFurther(preferred: number): Iterable<number> {
  for (let i = 0; i < 10; i++) yield preferred + i * 1_000;
}

/** Below the ports that outgoing connections get, so that none takes the port of a server that is down for a moment. */
export function* anyPort(): Iterable<number> {
  for (let i = 0; i < 200; i++) yield 20_000 + Math.floor(Math.random() * 12_000);
}

export async function choosePort(options: {
  readonly known: number | undefined;
  readonly preferred: number;
  /** Chosen for others already, though they may not listen yet. */
  readonly taken: ReadonlySet<number>;
  readonly prefer: PreferPort | undefined;
}): Promise<number> {
  const { known, preferred, taken, prefer = aThousandFurther } = options;
  if (known !== undefined && (await isFree(known))) return known;
  for (const port of prefer(preferred)) {
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No port is free near ${preferred}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
