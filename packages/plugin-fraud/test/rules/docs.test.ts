import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readRuleSet } from "../../src/rules/compile-rule-set.ts";
import { standardLists } from "../../src/rules/default-pack.ts";
import { scopeWith } from "../../src/rules/fields.ts";
import { functions, readExpression, specialForms } from "../../src/rules/language/index.ts";
import { readDocument } from "../../src/rules/read-document.ts";

test("what docs/fraud-rules.md shows works as it stands, and it names every function", async () => {
  const docs = await readFile(new URL("../../../../docs/fraud-rules.md", import.meta.url), "utf8");
  const blocks = [...docs.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1] ?? "");
  const [ruleSet = "", ...examples] = blocks;
  expect(readRuleSet(readDocument(ruleSet), standardLists).problems).toEqual([]);
  const conditions = examples.join("\n").match(/(?<=^when: ).*$/gm) ?? [];
  expect(conditions.length).toBeGreaterThan(3);
  for (const condition of conditions)
    expect(readExpression(condition, scopeWith(standardLists), ["truth"]).type).toBe("truth");
  for (const name of [...functions.keys(), ...specialForms.keys()])
    expect(docs).toMatch(new RegExp(`\`[^\`\n]*\\b${name}\\b`));
});
