import { fraudHandbook } from "./fraud-handbook/fraud-handbook.ts";

/** Reports that show, on published data, what the platform reaches: `npm run report -- fraud-handbook [--json] [--seeds 5]`. */
const reports: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  "fraud-handbook": fraudHandbook,
};

const [name = "", ...args] = process.argv.slice(2);
const report = reports[name];
if (report === undefined) {
  process.stderr.write(
    `there is no report "${name}"; there are: ${Object.keys(reports).join(", ")}\n`,
  );
  process.exitCode = 2;
} else process.exitCode = await report(args);
