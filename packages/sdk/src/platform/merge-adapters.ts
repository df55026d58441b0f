import { EcapError } from "../errors/ecap-error.ts";
import { systemClock } from "../ports/clock.ts";
import type { AdapterSet, PortName, Ports } from "../ports/index.ts";
import { silentLogger } from "../ports/logger.ts";

/** Which package brings a port, said when the port is missing. */
const adapterFor: Readonly<Record<PortName, string>> = {
  clock: "@ecap/sdk (systemClock)",
  logger: "pino, or any logger of that shape",
  eventLog: "@ecap/adapter-lmdb, @ecap/adapter-kafka or memory() of @ecap/sdk/memory",
  stateStore: "@ecap/adapter-lmdb, @ecap/adapter-redis or memory() of @ecap/sdk/memory",
  committer: "@ecap/adapter-lmdb or memory() of @ecap/sdk/memory",
  objectStore: "@ecap/adapter-fs, @ecap/adapter-s3 or memory() of @ecap/sdk/memory",
  tableStore: "@ecap/adapter-delta",
  queryEngine: "@ecap/adapter-duckdb",
  database: "@ecap/adapter-postgres",
  modelRuntime: "@ecap/adapter-onnx",
  secretStore: "@ecap/adapter-fs",
  modelTrainer: "@ecap/adapter-tfjs",
};

export interface PortTable {
  readonly present: Partial<Ports>;
  get<Name extends PortName>(name: Name, whoAsks: string): Ports[Name];
  has(name: PortName): boolean;
  /** The same with some ports replaced. */
  with(replaced: Partial<Ports>): PortTable;
}

/** Later adapters win over earlier ones, port by port. */
export function mergeAdapters(sets: readonly AdapterSet[]): PortTable {
  const ports: Partial<Ports> = Object.assign(
    { clock: systemClock, logger: silentLogger },
    ...sets.map(portsOf),
  );
  return tableOf(ports);
}

function tableOf(ports: Partial<Ports>): PortTable {
  return {
    present: ports,
    get(name, whoAsks) {
      const port = ports[name];
      if (port === undefined) {
        throw new EcapError(
          "ECAP_PORT_MISSING",
          `${whoAsks} needs the port "${name}", which no adapter brings; add ${adapterFor[name]}`,
        );
      }
      return port;
    },
    has: (name) => ports[name] !== undefined,
    with: (replaced) => tableOf({ ...ports, ...replaced }),
  };
}

function portsOf(set: AdapterSet): Partial<Ports> {
  return Object.fromEntries(
    Object.entries(set).filter(([name, port]) => name in adapterFor && port !== undefined),
  );
}
