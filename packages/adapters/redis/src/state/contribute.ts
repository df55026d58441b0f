import { createHash } from "node:crypto";
import {
  bucketsOf,
  type Contribution,
  EcapError,
  reachOf,
  type WindowSpec,
  type WindowTotals,
} from "@ecap/sdk";
import { assertContribution, planOf } from "@ecap/sdk/memory";
import type { Cluster, Redis } from "ioredis";
import { pageBuckets } from "../scripts/contribute.ts";
import { runScript, scripts } from "../scripts/script.ts";
import type { KeyLayout } from "./key-layout.ts";
import { sortable } from "./sortable.ts";

/** An entity lives in Redis this much longer than it counts, so that clocks that differ a little take nothing away. */
const slackMs = 60_000;
/** A window of more pages than this asks Redis which of them there are. */
const maxPages = 48;

/** Adds an event to an entity in one round trip. */
export async function contribute(
  contribution: Contribution,
  {
    client,
    layout,
    now,
    expireInRedis,
  }: { client: Redis | Cluster; layout: KeyLayout; now: number; expireInRedis: boolean },
): Promise<WindowTotals> {
  const { hash, index } = layout.entity(contribution.key);
  const args = contributeArguments(contribution, now, expireInRedis ? slackMs : "");
  const totals = await runScript(client, scripts.contribute, { keys: [hash, index], args });
  return parse(totals, contribution.windows);
}

/** Synchronously, so that nothing invalid waits for a connection. */
export function checkContribution(contribution: Contribution): void {
  assertContribution(contribution);
}

interface Plan {
  readonly signature: number;
  readonly longestMs: number;
  /** Whether two windows share their buckets. */
  readonly repeated: boolean;
  readonly windows: ReadonlyArray<{ readonly id: string; readonly kind: string }>;
}

/**
 * What the script reads: now, milliseconds to live past expiry or "", event time, the same sortable, id, signature of the windows, the longest,
 * how many, whether any two share buckets. Then for each window its id, kind, how far back it sees, bucket size, the bucket before the first it sees,
 * the event's, the last it sees (not the event's where there is a delay), and the value after "v", or "". Then for a distinct window the first bucket
 * it sees, the one after the last, and the event's, sortable. For another the first bucket of its first page, the number of its pages up to the
 * event's, and these as text, then the last of them sortable; or, with very many pages, the first bucket of the
 * last one, -1, the first and the last page sortable, and as before of the last page.
 */
function contributeArguments(
  { id, at, windows, values }: Contribution,
  now: number,
  liveMs: number | "",
): Array<string | number> {
  const plan = prepare(windows);
  const args: Array<string | number> = [now, liveMs, at, sortable(at), id];
  args.push(plan.signature, plan.longestMs, windows.length, plan.repeated ? 1 : 0);
  windows.forEach((spec, i) => {
    const { id: windowId = "", kind = "" } = plan.windows[i] ?? {};
    const { after, last: seen } = bucketsOf(spec, at);
    const last = Math.floor(at / spec.bucketMs);
    args.push(
      windowId,
      kind,
      reachOf(spec),
      spec.bucketMs,
      after + 0,
      last + 0,
      seen + 0,
      valueOf(kind, values[i], spec),
    );
    if (kind === "d") args.push(sortable(after + 1), sortable(seen + 1), sortable(last));
    else args.push(...pagesOf(after, last));
  });
  return args;
}

function pagesOf(after: number, last: number): Array<string | number> {
  const lastPage = Math.floor(last / pageBuckets) + 0;
  // A window shorter than its bucket may have its first after its last.
  const firstPage = Math.min(Math.floor((after + 1) / pageBuckets) + 0, lastPage);
  const end = sortable(lastPage);
  if (lastPage - firstPage >= maxPages)
    return [lastPage * pageBuckets, -1, sortable(firstPage), end, lastPage, end];
  const pages: Array<string | number> = [firstPage * pageBuckets, lastPage - firstPage + 1];
  // Not from first to last: one more than a very large number is the same number.
  for (let step = 0; step <= lastPage - firstPage; step += 1) pages.push(firstPage + step);
  pages.push(end);
  return pages;
}

const plans = new WeakMap<readonly WindowSpec[], Plan>();
/** A count is a sum of ones. */
const kinds = { count: "s", sum: "s", min: "n", max: "x", distinct: "d" } as const;

function prepare(windows: readonly WindowSpec[]): Plan {
  let plan = plans.get(windows);
  if (plan === undefined) {
    const { keys, signature, longestMs } = planOf(windows);
    plan = {
      signature,
      longestMs,
      repeated: new Set(keys).size < keys.length,
      windows: windows.map(({ aggregate }, i) => ({
        id: shortHash(keys[i] ?? ""),
        kind: kinds[aggregate],
      })),
    };
    plans.set(windows, plan);
  }
  return plan;
}

/** 48 bits: of a hundred windows of one entity, two share one by chance in 1 of 57 billion cases. */
function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 8);
}

function valueOf(
  kind: string,
  value: number | string | undefined,
  spec: WindowSpec | undefined,
): string {
  if (value === undefined) return "";
  if (kind === "d") return `v${value}`;
  return spec?.aggregate === "count" ? "v1" : `v${Number(value) + 0}`;
}

function parse(reply: unknown, windows: readonly WindowSpec[]): WindowTotals {
  if (!Buffer.isBuffer(reply) || reply.length !== 1 + 16 * windows.length)
    throw new EcapError("ECAP_INTERNAL", "the script answered something else than totals");
  const [applied] = reply.toString("latin1", 0, 1);
  const totals = (offset: number, isRemembered: boolean): Array<number | undefined> =>
    windows.map(({ aggregate }, i) => {
      const total = reply.readDoubleLE(offset + 8 * i);
      const canBeEmpty = isRemembered || aggregate === "min" || aggregate === "max";
      return canBeEmpty && Number.isNaN(total) ? undefined : total;
    });
  return {
    applied: applied === "1",
    before: totals(1, applied === "r"),
    after: totals(1 + 8 * windows.length, false),
  };
}
