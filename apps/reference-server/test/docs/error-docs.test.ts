import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { errorDocs } from "../../../../scripts/error-docs.ts";

it("docs/errors.md lists the errors of the error table (npm run docs:errors)", () => {
  expect(readFileSync(new URL("../../../../docs/errors.md", import.meta.url), "utf8")).toBe(
    errorDocs(),
  );
});
