import { type Command, InvalidArgumentError } from "commander";
import { contextOf, withApi } from "./context.ts";
import { diagnose } from "./doctor.ts";
import { positiveInteger } from "./positive-integer.ts";
import { type ServeOptions, serve } from "./serve.ts";
import { simulateInto } from "./simulate.ts";

/** `ecap serve`, `simulate`, `explain` and `doctor`. */
export function addPlatformCommands(program: Command): void {
  program
    .command("serve")
    .description(
      "run the platform: API, dashboard and background work, or some of it (--roles api,worker,sink)",
    )
    .option("--port <port>", "port to listen on (ECAP_PORT; default: 8000)")
    .option("--host <address>", "address to listen on (ECAP_HOST; default: 127.0.0.1)")
    .option(
      "--roles <roles>",
      "some of api, worker (topologies and jobs) and sink (lake tables), as in worker,sink (ECAP_ROLES; default: all)",
    )
    .option("--demo", "begin with ninety days of a simulated shop and keep it trading")
    .option("--no-demo", "begin with nothing")
    .action(async (options: ServeOptions, command: Command) => serve(options, command));

  program
    .command("simulate")
    .description("send the traffic of a simulated shop")
    .option("--seed <seed>", "the same seed gives the same shop", "ecap")
    .option("--days <days>", "days of history up to now", positiveInteger, 7)
    .option("--orders-per-day <orders>", "mean orders a day", positiveInteger, 230)
    .option(
      "--rate <orders>",
      "instead of history: orders a second from now on, until interrupted",
      positiveInteger,
    )
    .option("--malformed <share>", "share of events no schema accepts", share, 0)
    .option("--late <share>", "share of events delivered late", share, 0)
    .option("--duplicate <share>", "share of events delivered twice", share, 0)
    .option("--out-of-order <share>", "share of events overtaken by others", share, 0)
    .action((options: Parameters<typeof simulateInto>[1], command: Command) =>
      withApi(command, async (api, { output }) => {
        const sent = await simulateInto(api, options, output);
        output.result(
          sent,
          () =>
            `${sent.accepted.toLocaleString("en")} events accepted, ${sent.duplicate.toLocaleString("en")} duplicates, ${sent.quarantined.toLocaleString("en")} quarantined in ${sent.seconds.toFixed(1)} s`,
        );
      }),
    );

  program
    .command("explain")
    .description("print the boot plan: what is loaded, in which order, with what it contributes")
    .action((_options: object, command: Command) =>
      withApi(command, async (api, { output }) => {
        const { plan, text } = await api.call<{ plan: object; text: string }>(
          "GET",
          "/v1/admin/boot-plan",
        );
        output.result(plan, () => text);
      }),
    );

  program
    .command("doctor")
    .description("check what the platform needs to run here")
    .action(async (_options: object, command: Command) => {
      const { settings, output } = await contextOf(command);
      const checks = await diagnose(settings);
      output.result(checks, () =>
        checks
          .map(({ ok, what, detail }) => `${ok ? "ok  " : "FAIL"}  ${what}: ${detail}`)
          .join("\n"),
      );
      if (checks.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function share(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError("expected a share from 0 to 1");
  return value;
}
