import { describe, expect, test } from "vitest";
import { conditionsOf, type Observed } from "../../src/health/alert-rules.ts";
import type { ConsumerSummary, PartitionLag, ProcessHealth } from "../../src/health/health.ts";
import { defaultAlertLimits } from "../../src/health/health-options.ts";

const now = 10_000_000;
const consumer = (more: Partial<ConsumerSummary>): ConsumerSummary => ({
  name: "topology/live",
  kind: "topology",
  state: "running",
  lag: 0,
  partitions: [],
  late: 0,
  duplicates: 0,
  forced: 0,
  deadLetters: 0,
  ...more,
});
const partition = (more: Partial<PartitionLag>): PartitionLag => ({
  topic: "t",
  partition: 0,
  position: 0,
  earliest: 0,
  next: 0,
  lag: 0,
  ...more,
});
const process = (
  more: Partial<ProcessHealth & { state: "alive" | "silent" }>,
): Observed["processes"][number] => ({
  id: "p1",
  host: "h",
  pid: 1,
  startedAt: 0,
  at: now,
  work: ["topologies"],
  consumers: [],
  producers: [],
  dependencies: [],
  state: "alive",
  ...more,
});
const found = (more: Partial<Observed>) =>
  conditionsOf(
    { at: now, processes: [], consumers: [], deadLetterRates: new Map(), ...more },
    defaultAlertLimits,
  );
const kinds = (more: Partial<Observed>): readonly string[] =>
  found(more).map(({ kind, raises }) => `${kind}${raises ? "" : " (near)"}`);
const producer = { name: "collector", inFlight: 0, records: 9, failures: 0 };

describe("what is worth an alert", () => {
  test("nothing of a platform that is well", () => {
    const well = {
      consumers: [consumer({ lag: 10, partitions: [partition({ next: 10, lag: 10 })] })],
      processes: [
        process({
          producers: [{ ...producer, inFlight: 3, oldestAt: now - 20 }],
          dependencies: [{ name: "lake", status: "ok", needed: true, since: 0 }],
        }),
      ],
      deadLetterRates: new Map([["transactions", 3]]),
    };
    expect(kinds(well)).toEqual([]);
  });

  test.each([
    ["consumer-lag", { lag: 50_001 }],
    ["consumer-lag (near)", { lag: 25_001 }],
    ["consumer-failing", { state: "failing", failing: { code: "ECAP_STORAGE_FULL", since: 0 } }],
    ["consumer-breaker-open", { state: "waiting" }],
    ["consumer-lost-records", { removed: { records: 7, at: now - 1_000 } }],
    [
      "consumer-near-retention",
      { partitions: [partition({ position: 1_100, earliest: 1_000, next: 2_000, lag: 900 })] },
    ],
    [
      "consumer-near-retention",
      {
        partitions: [partition({ position: undefined, earliest: 1_000, next: 2_000, lag: 1_000 })],
      },
    ],
  ] as const)("%s of a consumer like %j", (kind, more) => {
    expect(kinds({ consumers: [consumer(more)] })).toEqual([kind]);
  });

  test.each([
    ["it has read further", { position: 1_300, earliest: 1_000, next: 2_000, lag: 700 }],
    ["retention has removed nothing yet", { position: 0, earliest: 0, next: 2_000, lag: 2_000 }],
    ["it has read everything", { position: 1_001, earliest: 1_001, next: 1_001 }],
  ])("not that retention is near where %s", (_, at) => {
    expect(kinds({ consumers: [consumer({ partitions: [partition(at)] })] })).toEqual([]);
  });

  test("a loss is told for an hour", () => {
    const removed = { records: 7, at: now - 3_600_001 };
    expect(kinds({ consumers: [consumer({ removed })] })).toEqual([]);
  });

  test("producers that fail or stand still, dependencies that do not answer, processes that are not heard of", () => {
    const failing = { code: "ECAP_SERVICE_UNREACHABLE", since: now - 5, attempts: 2 };
    const processes = [
      process({
        producers: [{ ...producer, failing, inFlight: 1, oldestAt: now - 30_001 }],
        dependencies: [
          { name: "lake", status: "failed", needed: false, since: 0, message: "refused" },
        ],
      }),
      process({
        id: "p2",
        state: "silent",
        at: now - 61_000,
        producers: [{ ...producer, failing }],
      }),
    ];
    expect(found({ processes })).toMatchObject([
      { kind: "producer-failing", target: "collector of h/p1", code: failing.code, forMs: 30_000 },
      { kind: "producer-stuck", observed: 30_001, forMs: 0 },
      { kind: "dependency-failing", severity: "warning", target: "lake of h/p1" },
      { kind: "process-silent", target: "h/p2", observed: 61_000 },
    ]);
  });

  test("dead letters faster than a limit", () => {
    const deadLetterRates = new Map([
      ["a", 61],
      ["b", 31],
      ["c", 30],
    ]);
    expect(kinds({ deadLetterRates })).toEqual(["dead-letters", "dead-letters (near)"]);
  });
});
