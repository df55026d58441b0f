// Says which tests of the JSON reports in FOLDER failed, also those that passed at a second try, and why, and counts all of them on the last line.
// usage: summary.mjs FOLDER FAILED_STEPS
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [folder, failedSteps] = process.argv.slice(2);
const linesOfMessage = 25;
let passed = 0;
let failed = 0;
let skipped = 0;

for (const name of readdirSync(folder).filter((each) => each.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(folder, name), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const file of report.testResults) {
    const path = relative(process.cwd(), file.name);
    if (file.message) tell(`FAILED ${name} ${path}`, file.message);
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (failureMessages.length === 0) continue;
      const outcome = status === "failed" ? "FAILED" : "PASSED AT THE SECOND TRY";
      tell(`${outcome} ${name} ${path} > ${fullName}`, failureMessages.join("\n"));
    }
  }
}

// A step can fail without a test that did: then it counts itself.
if (failed === 0) failed = Number(failedSteps);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);

function tell(title, message) {
  const head = message.split("\n").slice(0, linesOfMessage).join("\n");
  process.stdout.write(`${title}\n${head}\n\n`);
}
