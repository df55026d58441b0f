export { type Config, defineConfig } from "./config/define-config.ts";
export { loadSettings, type Settings } from "./config/load-config.ts";
export { type App, createApp } from "./server/app.ts";
export { type Composition, compose } from "./server/compose.ts";
export { type RunningServer, startServer } from "./server/start-server.ts";
