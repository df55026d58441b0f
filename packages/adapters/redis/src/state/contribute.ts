import { type Contribution, EcapError, type WindowTotals } from "@ecap/sdk";
import { assertContribution, planOf } from "@ecap/sdk/memory";
import type { Scripts } from "../scripts/scripted-client.ts";
import type { KeyLayout } from "./key-layout.ts";

/** An entity lives in Redis this much longer than it counts, so that clocks that differ a little take nothing away. */
const slackMs = 60_000;

/** Adds an event to an entity in one round trip. */
export async function contribute(
  contribution: Contribution,
  {
    scripts,
    layout,
    now,
    expireInRedis,
  }: { scripts: Scripts; layout: KeyLayout; now: number; expireInRedis: boolean },
): Promise<WindowTotals> {
  const { key, id, at, windows, values } = contribution;
  const { keys, signature } = planOf(windows);
  const { hash, index } = layout.entity(key);
  const args: Array<string | number> = [hash, index];
  args.push(now, expireInRedis ? slackMs : "", at, id, signature, windows.length);
  windows.forEach(({ aggregate, windowMs, bucketMs }, i) => {
    args.push(keys[i] ?? "", aggregate, windowMs, bucketMs, valueOf(aggregate, values[i]));
  });
  return parse(await scripts.contribute(args), windows.length);
}

/** Synchronously, so that nothing invalid waits for a connection. */
export function checkContribution(contribution: Contribution): void {
  assertContribution(contribution);
}

function valueOf(aggregate: string, value: number | string | undefined): string {
  if (value === undefined) return "";
  if (aggregate === "distinct") return `v${value}`;
  // Adding 0 makes -0 of no account.
  return aggregate === "count" ? "v1" : `v${Number(value) + 0}`;
}

function parse(answer: unknown, count: number): WindowTotals {
  if (typeof answer !== "string")
    throw new EcapError("ECAP_INTERNAL", "the script answered no text", {
      received: typeof answer,
    });
  const [applied, before = "", after = ""] = answer.split(";");
  const totals = (text: string): Array<number | undefined> =>
    count === 0 ? [] : text.split(",").map(parseTotal);
  return { applied: applied === "1", before: totals(before), after: totals(after) };
}

function parseTotal(text: string): number | undefined {
  if (text === "") return undefined;
  if (text.endsWith("inf")) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}
