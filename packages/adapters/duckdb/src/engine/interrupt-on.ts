import type { DuckDBConnection } from "@duckdb/node-api";

/** An interrupt between two steps of a query is lost, so it is repeated. */
const interruptEveryMs = 20;

/** Interrupts what the connection does once the signal is aborted, until the function it gives is called. */
export function interruptOn(signal: AbortSignal, connection: DuckDBConnection): () => void {
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    connection.interrupt();
    timer ??= setInterval(() => connection.interrupt(), interruptEveryMs);
  };
  signal.addEventListener("abort", interrupt, { once: true });
  if (signal.aborted) interrupt();
  return () => {
    signal.removeEventListener("abort", interrupt);
    clearInterval(timer);
  };
}
