import type { Topology } from "./topology.ts";
import { type WindowProgress, watermarkOf } from "./window-table.ts";

/** How far a running topology is with one partition of its input. */
export interface PartitionStatus {
  readonly topic: string;
  readonly partition: number;
  /** Offset the state includes everything before; undefined before the first commit. */
  readonly offset: number | undefined;
  /** Epoch milliseconds; undefined without windows or before the first event. */
  readonly watermark: number | undefined;
  readonly openWindows: number;
  /** Events that came after their window had closed. */
  readonly late: number;
}

export function watermarkIn(topology: Topology, progress: WindowProgress): number | undefined {
  const node = topology.nodes.find((each) => each.kind === "tumblingWindow");
  return node && watermarkOf(progress, node);
}
