// Says which tests of the JSON reports in FOLDER failed and why, and counts all of them on the last line.
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
  for (const file of report.testResults.filter(({ status }) => status === "failed")) {
    const path = relative(process.cwd(), file.name);
    if (file.message) tell(`${name} ${path}`, file.message);
    for (const test of file.assertionResults.filter(({ status }) => status === "failed")) {
      tell(`${name} ${path} > ${test.fullName}`, test.failureMessages.join("\n"));
    }
  }
}

// A step can fail without a test that did: then it counts itself.
if (failed === 0) failed = Number(failedSteps);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);

function tell(title, message) {
  const head = message.split("\n").slice(0, linesOfMessage).join("\n");
  console.log(`FAILED ${title}\n${head}\n`);
}
