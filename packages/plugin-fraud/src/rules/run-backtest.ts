import { EcapError, type QueryEngine } from "@ecap/sdk";
import type { BacktestReport } from "./backtest/backtest.ts";
import type { Thresholds } from "./evaluate.ts";
import type { RuleBook } from "./rule-book.ts";
import { silencedFor } from "./snoozes.ts";
import { noSuchVersion } from "./store/rule-head.ts";

export interface BacktestRequest {
  readonly tenant: string;
  /** A stored version, or a document that need not be stored; both are ECAP_REQUEST_INVALID. Default: the active version. */
  readonly version?: number | undefined;
  readonly document?: unknown;
  /** Epoch milliseconds of the payments, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  readonly signal?: AbortSignal;
}

export interface LakeBacktestReport extends BacktestReport {
  /** Tables whose newest events were not counted, as there were too many or the log did not answer. */
  readonly behind?: readonly string[];
}

/** Runs a rule set over the decisions in the lake, beside the one that decides now. */
export async function runBacktest(
  {
    book,
    engine,
    thresholds,
  }: { readonly book: RuleBook; readonly engine: QueryEngine; readonly thresholds: Thresholds },
  { tenant, version, document, from, to, signal }: BacktestRequest,
): Promise<LakeBacktestReport> {
  if (version !== undefined && document !== undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", "give either a version or a rule set", {
      path: "/version",
    });
  // Loaded here, for the query builder takes longer to load than all else of the plugin.
  const [{ backtest }, { recordedDecisions }] = await Promise.all([
    import("./backtest/backtest.ts"),
    import("./backtest/recorded-decisions.ts"),
  ]);
  const { active, snoozes } = await book.refresh(tenant);
  const candidate = async () => {
    if (document !== undefined) {
      const draft = await book.compile(tenant, document, -1);
      return { ...draft, label: `${draft.document.name}/draft` };
    }
    if (version === undefined || version === active.version) return active;
    const stored = await book.version(tenant, version);
    if (stored === undefined) throw noSuchVersion(version);
    return book.compile(tenant, stored.document, version);
  };
  const { rows, behind } = recordedDecisions(engine, {
    tenant,
    from,
    to,
    ...(signal && { signal }),
  });
  const report = await backtest(rows, {
    candidate: await candidate(),
    active,
    thresholds,
    silencedFor: (facts) => silencedFor(snoozes, facts),
    ...(signal && { signal }),
  });
  return { ...report, ...(behind.size > 0 && { behind: [...behind] }) };
}
