import { parseArgs } from "node:util";
import { down, up } from "./commands.ts";
import { answers } from "./probe.ts";
import { isAlive } from "./processes.ts";
import { envLines, serviceHome } from "./service-home.ts";

const home = serviceHome();
const usage =
  "npm run services -- up|down|status [kafka] [redis] [redis-cluster] [postgres] [s3] [--brokers 3] [--wipe]";

/** Comments go to stderr, so that stdout of `up` can be evaluated by a shell. */
const say = (line: string) => console.error(line);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { brokers: { type: "string" }, wipe: { type: "boolean", default: false } },
  });
  const [command, ...names] = positionals;
  switch (command ?? "help") {
    case "up": {
      const brokers = values.brokers === undefined ? undefined : Number(values.brokers);
      if (brokers !== undefined && ![1, 3].includes(brokers)) {
        throw new Error("--brokers takes 1 or 3");
      }
      const { state, failed } = await up(home, { names, brokers, say });
      for (const line of envLines(state)) console.log(line);
      for (const [name, reason] of failed) say(`${name}: ${reason}`);
      say(`# the same lines are in ${home.envFile}`);
      return failed.size === 0 ? 0 : 1;
    }
    case "down":
      await down(home, { names, wipe: values.wipe });
      return 0;
    case "status":
      return status();
    default:
      say(usage);
      return 2;
  }
}

/** A table of the processes; 1 where one of them does not answer. */
async function status(): Promise<number> {
  const started = Object.values(await home.read()).flatMap(({ processes }) => processes);
  const rows = await Promise.all(
    started.map(async ({ plan, running }) => ({
      process: plan.name,
      pid: running.pid,
      port: plan.ready.port,
      state: !isAlive(running) ? "gone" : (await answers(plan.ready)) ? "ready" : "not answering",
      data: plan.dir,
    })),
  );
  if (rows.length === 0) say("nothing was started");
  else console.table(rows);
  return rows.every(({ state }) => state === "ready") ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
