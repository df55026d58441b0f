import { type Clock, type ObjectStore, type StateStore, silentLogger } from "../../src/index.ts";
import {
  createGuard,
  createModelBook,
  createModelDesk,
  createModelLoader,
  createModelMonitor,
  createModelServer,
  createModelStore,
} from "../../src/models/index.ts";
import { described, type fakeRuntime } from "./fake-model.ts";

const useCase = "fraud";
const use = { useCase, features: ["a", "b"] };

/** One process of a deployment that scores by models of the features `a` and `b`; the model that comes with the use case says 0.1. */
export function registryProcess({
  ports: { stateStore, objectStore },
  runtime,
  clock,
  audited,
  deadlineMs,
}: {
  readonly ports: { readonly stateStore: StateStore; readonly objectStore: ObjectStore };
  readonly runtime: ReturnType<typeof fakeRuntime>;
  readonly clock: Clock;
  readonly audited: string[];
  readonly deadlineMs: number;
}) {
  const logger = silentLogger;
  const store = createModelStore({ useCase, stateStore, objectStore: () => objectStore });
  const shared = { use, store, runtime: () => runtime };
  const builtIn = runtime.add({ description: described({ name: "base" }), score: () => 0.1 });
  const loader = createModelLoader({ ...shared, builtIn: () => builtIn });
  const book = createModelBook({ useCase, store, loader, clock, logger });
  const desk = createModelDesk({
    ...shared,
    loader,
    book,
    clock,
    audit: async ({ actor, action, target }) => {
      audited.push(`${actor} ${action} ${target}`);
    },
  });
  const guard = createGuard({
    rollBack: async (...given) => {
      await desk.rollBack(...given);
    },
  });
  const monitor = createModelMonitor({ useCase, stateStore, clock, logger });
  const server = createModelServer({
    book,
    deadlineMs,
    othersMs: 50,
    observe(...answer) {
      guard(...answer);
      monitor.observe(...answer);
    },
  });
  return { desk, book, server, store, monitor };
}
