import type { QualityRule } from "@ecap/sdk";
import type { ProcessContext } from "@ecap/sdk/streams";
import { fail, type Report, tallyOf } from "./report.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Counts values that another event had before, and remembers the new ones: one small row a value, for as long as the rule says. Values are
 * hashes. An event that comes again is no other event.
 */
export async function checkUnique(
  report: Report,
  {
    tenant,
    rules,
    now,
    state,
  }: {
    readonly tenant: string;
    readonly rules: readonly QualityRule[];
    readonly now: number;
    readonly state: Pick<ProcessContext, "get" | "set">;
  },
): Promise<void> {
  for (const { name, check } of rules) {
    const waiting = report.waiting.get(name);
    if (check.kind !== "uniqueness" || waiting === undefined) continue;
    report.waiting.delete(name);
    const values = [...waiting];
    const keys = values.map(([value]) => `unique/${tenant}\n${name}\n${value}`);
    const stored = await state.get(keys);
    const tally = tallyOf(report, name, check.field);
    values.forEach(([, { count, examples }], i) => {
      const [first = ""] = examples;
      const bytes = stored[i];
      const owner = bytes === undefined ? first : decoder.decode(bytes);
      const others = examples.includes(owner) ? count - 1 : count;
      tally.checked += count;
      if (others > 0) fail(tally, examples.find((id) => id !== owner) ?? first, others);
      if (bytes !== undefined) return;
      state.set(keys[i] ?? "", encoder.encode(owner), { expiresAt: now + check.withinMs });
    });
  }
}
