import { isAlive } from "./processes.ts";
import { serviceHome } from "./service-home.ts";

// Tests find the services that run here by themselves; a variable that is set already stays.
for (const { env, processes } of Object.values(await serviceHome().read())) {
  if (!processes.every(({ running }) => isAlive(running))) continue;
  for (const [name, value] of Object.entries(env)) process.env[name] ??= value;
}
