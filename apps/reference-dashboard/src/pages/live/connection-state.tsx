import type { Connection } from "./use-live.ts";

const words: Readonly<Record<Connection, string>> = {
  connecting: "Connecting…",
  live: "Live",
  reconnecting: "Connection lost, trying again…",
};

export function ConnectionState({ connection }: { readonly connection: Connection }) {
  return (
    <p className={`connection connection-${connection}`} role="status">
      <i aria-hidden="true" /> {words[connection]}
    </p>
  );
}
