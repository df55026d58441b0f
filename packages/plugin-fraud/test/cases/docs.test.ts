import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { caseOptions } from "../../src/cases/case-options.ts";
import { caseRoutes } from "../../src/cases/http-cases.ts";
import { labelRoutes } from "../../src/cases/http-labels.ts";

const asked = (): never => {
  throw new Error("nobody asks");
};

test("docs/fraud-cases.md names every route with its role, and its options are taken", async () => {
  const docs = await readFile(new URL("../../../../docs/fraud-cases.md", import.meta.url), "utf8");
  const table = docs.slice(docs.indexOf("## Routes"), docs.indexOf("## Options")).split("\n");
  const routes = [...caseRoutes(asked), ...labelRoutes(asked, asked)];
  expect(routes.length).toBeGreaterThan(15);
  for (const { path, role } of routes) {
    const below = path.replace("/fraud", "");
    const short = below.replace("/cases/{case}/", "/");
    const line = table.find((each) => each.includes(`${below}\``) || each.includes(`\`${short}\``));
    expect(line ?? table.find((each) => each.includes(`${below}\` (`)), path).toContain(role);
  }
  const { outcomes, linkWithinMs, due } = caseOptions.parse({ outcomes: ["challenge"] });
  expect({ outcomes, ip: linkWithinMs.ip, due: due.length }).toEqual({
    outcomes: ["challenge"],
    ip: 3_600_000,
    due: 3,
  });
});
