import type { ConnectionPool, WireCluster, WireConnection } from "./kafkajs-types.ts";

/**
 * Three faults of kafkajs 2.2.4, put right on the connections of one cluster and nowhere else:
 *
 * - A request queue with nothing pending sets a timer of minus the present time after every answer, which Node 24 warns of
 *   (TimeoutNegativeWarning, kafkajs #1751) and every Node wakes up for.
 * - Two requests that meet a closed connection open two sockets, of which one is never closed.
 * - Each request that fails with a closed connection closes it again, and each time the dead socket gets another listener
 *   (MaxListenersExceededWarning).
 */
export function fixConnections(cluster: WireCluster): void {
  const builder = cluster.connectionPoolBuilder;
  const build = builder.build.bind(builder);
  builder.build = async (destination?: object): Promise<ConnectionPool> => {
    const made = await build(destination);
    for (const connection of made.pool) {
      checkOnlyWhatIsPending(connection);
      connectOnce(connection);
      disconnectOnce(connection);
    }
    return made;
  };
}

function checkOnlyWhatIsPending({ requestQueue }: WireConnection): void {
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule();
  };
}

function connectOnce(connection: WireConnection): void {
  const connect = connection.connect.bind(connection);
  let connecting: Promise<boolean> | undefined;
  connection.connect = () => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };
}

function disconnectOnce(connection: WireConnection): void {
  const disconnect = connection.disconnect.bind(connection);
  let closed: WireConnection["socket"];
  connection.disconnect = async () => {
    const { socket } = connection;
    if (socket === closed) return true;
    closed = socket;
    return disconnect();
  };
}
