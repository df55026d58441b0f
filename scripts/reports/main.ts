import { fraudHandbook } from "./fraud-handbook/fraud-handbook.ts";
import { fraudSimulated } from "./fraud-simulated/fraud-simulated.ts";

/** Reports that show, on published and on simulated data, what the platform reaches: `npm run report -- fraud-handbook [--json] [--seeds 5]`. */
const reports: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  "fraud-handbook": fraudHandbook,
  "fraud-simulated": fraudSimulated,
};

const [name = "", ...args] = process.argv.slice(2);
const report = reports[name];
if (report === undefined) {
  process.stderr.write(
    `there is no report "${name}"; there are: ${Object.keys(reports).join(", ")}\n`,
  );
  process.exitCode = 2;
} else process.exitCode = await report(args);
