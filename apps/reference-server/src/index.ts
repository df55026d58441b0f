export { type AdapterContext, type Config, defineConfig } from "./config/define-config.ts";
export { loadSettings, type Settings } from "./config/load-config.ts";
export { type ServerRole, serverRoles } from "./config/roles.ts";
export { type App, createApp } from "./server/app.ts";
export { type Composition, compose } from "./server/compose.ts";
export { type ComposedProcess, composeWorker } from "./server/compose-worker.ts";
export {
  type RunningProcess,
  type RunningServer,
  startServer,
  startWorker,
} from "./server/start-server.ts";
