import type { Dialect } from "../../events/dialect.ts";
import { posthogDialect } from "./posthog.ts";
import { segmentDialect } from "./segment.ts";

/** The clients whose events the collector takes as they are. */
export const clientDialects: readonly Dialect[] = [segmentDialect, posthogDialect];

export { posthogDialect, segmentDialect };
